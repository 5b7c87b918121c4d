import { MusterError } from '../common/errors.js'
import { flagValue, type FlagSpec, type ParsedFlags } from '../common/flags.js'
import type { Io } from './io.js'

/** The flag of commands that print a table or, for programs, JSON. */
export const formatFlag: FlagSpec = {
  name: 'format',
  type: 'string',
  placeholder: 'pretty|json',
  help: 'form of the output (default pretty)',
}

/** Whether JSON is wanted. @throws MusterError USAGE for a format that there is not */
export function wantsJson(flags: ParsedFlags): boolean {
  const format = flagValue(flags, formatFlag.name) ?? 'pretty'
  if (format !== 'pretty' && format !== 'json')
    throw new MusterError('USAGE', `"${format}" is no format`, { hint: 'pretty and json are allowed' })
  return format === 'json'
}

/** Prints a value for programs. */
export const printJson = (io: Io, value: unknown): void => {
  io.out(`${JSON.stringify(value, null, 2)}\n`)
}
