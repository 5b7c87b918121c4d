import { formatDuration, parseDuration } from './duration.js'

interface Read {
  readonly value: number | undefined
  readonly normal: string
}

/**
 * Thousands of declarations share a handful of durations, so each text is read once. Bounded, as texts may come over
 * HTTP.
 */
const known = new Map<string, Read>()
const knownLimit = 256
const lengthLimit = 32

/** A duration in milliseconds; undefined when the text is absent, empty or no duration. */
export const durationOf = (text: string | undefined): number | undefined =>
  text === undefined || text === '' ? undefined : read(text).value

/** A duration as Go prints it; other texts are left unchanged. */
export const normalDuration = (text: string): string => read(text).normal

function read(text: string): Read {
  const before = known.get(text)
  if (before !== undefined) return before
  const value = parseDuration(text)
  const result = { value, normal: value === undefined ? text : formatDuration(value) }
  if (text.length <= lengthLimit) {
    if (known.size >= knownLimit) known.clear()
    known.set(text, result)
  }
  return result
}
