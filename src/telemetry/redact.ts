import { errorCode } from '../common/errors.js'

/** Replaces secrets in the log. */
const hidden = '<hidden>'

/**
 * Names of fields that hold secrets, in any spelling: `token`, `SecretID`, `encrypt`, `http_password`. Accessors are no
 * secrets.
 */
const secretName = /token|secret|passw|encrypt|credential|authorization|cookie|private.?key/i
const accessor = /accessor|_?count$|ttl$/i

const maxTextLength = 8192
const deepest = 4
const maxEntries = 64

/**
 * A text without the secrets that URLs carry: `?token=`, `X-Consul-Token: `, `user:password@`. Cut at 8 KB, so that
 * what a stranger sends cannot blow up the log.
 */
export function scrub(text: string): string {
  const short = text.length > maxTextLength ? `${text.slice(0, maxTextLength)}... (${text.length} characters)` : text
  return short
    .replace(/([?&](?:token|secret)=)[^&\s"']+/gi, `$1${hidden}`)
    .replace(/(\b(?:x-consul-token|authorization)["']?\s*[:=]\s*["']?(?:bearer\s+)?)[^\s"',}]+/gi, `$1${hidden}`)
    .replace(/([a-z][a-z0-9+.-]*:\/\/[^/\s:@]*):[^/\s@]+@/gi, `$1:${hidden}@`)
}

/**
 * Fields as they may be written: secrets hidden, errors as their message, nothing too deep, too long or impossible in
 * JSON.
 */
export function cleanFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return cleanObject(fields, deepest)
}

function cleanObject(object: object, depth: number): Record<string, unknown> {
  const clean: Record<string, unknown> = {}
  let left = maxEntries
  for (const [name, value] of Object.entries(object)) {
    if (value === undefined || typeof value === 'function') continue
    if (left-- === 0) {
      clean['...'] = 'more were left out'
      break
    }
    clean[name] = isSecret(name, value) ? hidden : cleanValue(value, depth)
  }
  return clean
}

/** Whether a secret was configured at all is no secret: empty texts and booleans stay. */
const isSecret = (name: string, value: unknown): boolean =>
  secretName.test(name) && !accessor.test(name) && value !== '' && typeof value !== 'boolean'

function cleanValue(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      return scrub(value)
    case 'bigint':
    case 'symbol':
      return String(value)
    case 'function':
      return undefined
    case 'object':
      break
    default:
      return value
  }
  if (value === null) return null
  if (value instanceof Error) return describe(value)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'no date' : value.toISOString()
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`
  if (depth === 0) return Array.isArray(value) ? `${value.length} entries` : 'object'
  if (value instanceof Map) return cleanObject(Object.fromEntries(value as Map<PropertyKey, unknown>), depth - 1)
  if (value instanceof Set) return cleanArray([...value], depth - 1)
  return Array.isArray(value) ? cleanArray(value, depth - 1) : cleanObject(value, depth - 1)
}

function cleanArray(values: readonly unknown[], depth: number): unknown[] {
  const clean = values.slice(0, maxEntries).map(value => cleanValue(value, depth))
  return values.length > maxEntries ? [...clean, `... ${values.length - maxEntries} more`] : clean
}

/** An error and what caused it, in one line, with the system's code where the message does not tell it. */
function describe(error: Error): string {
  const parts: string[] = []
  for (let at: unknown = error; at instanceof Error && parts.length < deepest; at = at.cause) {
    const code = errorCode(at)
    const message = at.message === '' ? at.name : at.message
    parts.push(code === undefined || message.includes(code) ? message : `${message} (${code})`)
  }
  return scrub(parts.join(': '))
}
