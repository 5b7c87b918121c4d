import { MusterError } from '../common/errors.js'
import type { ParsedFlags } from '../common/flags.js'

/** The values of a repeatable `-flag=key=value` as a map. @throws MusterError USAGE for one without `=`. */
export function pairs(flags: ParsedFlags, name: string): Record<string, string> {
  const map: Record<string, string> = {}
  for (const text of flags.values.get(name) ?? []) {
    const equals = text.indexOf('=')
    if (equals < 1)
      throw new MusterError('USAGE', `-${name}: "${text}" has no key and value`, { hint: `write -${name}=key=value` })
    map[text.slice(0, equals)] = text.slice(equals + 1)
  }
  return map
}
