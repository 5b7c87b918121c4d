import { maxDuration, parseDuration } from './duration.js'

const units = new Set(['ns', 'us', 'µs', 'μs', 'ms', 's', 'm', 'h'])

/** Why Go refuses a text as a duration, in Go's words; undefined when it does not. */
export function goDurationError(text: string): string | undefined {
  if (parseDuration(text) !== undefined) return undefined
  if (text.length > maxDuration) return `time: invalid duration ${JSON.stringify(`${text.slice(0, 40)}…`)}`
  const invalid = `time: invalid duration ${JSON.stringify(text)}`
  let rest = text.replace(/^[+-]/, '')
  if (rest === '') return invalid
  while (rest !== '') {
    const [count] = /^(?:\d+(?:\.\d*)?|\.\d+)/.exec(rest) ?? []
    if (count === undefined) return invalid
    rest = rest.slice(count.length)
    const unit = /^[^.\d]*/.exec(rest)?.[0] ?? ''
    if (unit === '') return `time: missing unit in duration ${JSON.stringify(text)}`
    if (!units.has(unit)) return `time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`
    rest = rest.slice(unit.length)
  }
  return invalid
}
