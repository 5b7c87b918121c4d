import type { Path } from './keys.js'

/** One finding inside a file, before it is known at which line it stands. */
export interface Finding {
  /** From the root of the file, in normalised keys. */
  readonly path: Path
  /** Whether the key or the value is meant. */
  readonly what: 'key' | 'value'
  readonly severity: 'error' | 'warning'
  readonly code: string
  readonly message: string
  readonly hint?: string
}

const secret = /token|encrypt|secret|password|master|recovery/

/** Whether the value of a key never appears in a message. */
export const isSecret = (key: string): boolean => secret.test(key)

/**
 * A value as a message shows it: `the text "80"`, `the number 5`, `a list`. Long texts are cut, secret ones left out.
 */
export function describe(value: unknown, key = ''): string {
  if (typeof value === 'string') return isSecret(key) ? 'a text' : `the text ${quote(value)}`
  if (typeof value === 'number') return `the number ${value}`
  if (typeof value === 'boolean') return String(value)
  if (value === null || value === undefined) return 'null'
  return Array.isArray(value) ? 'a list' : 'an object'
}

/** A text in quotes, cut at 60 characters. */
export const quote = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text)

/** `"a", "b" or "c"`. */
export function alternatives(values: readonly string[]): string {
  const quoted = values.map(quote)
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1) ?? ''}`
}
