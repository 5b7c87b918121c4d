import { MusterError } from '../../common/errors.js'
import { goDurationError } from '../../common/go-duration.js'
import { durationText } from './go-duration.js'

/**
 * What a key's value must be. `any` is taken and not looked at; `free` is an object with whatever keys, kept as it
 * came.
 */
export type FieldType =
  | 'text'
  | 'flag'
  | 'count'
  | 'duration'
  | 'texts'
  | 'textMap'
  | 'textsMap'
  | 'free'
  | 'any'
  | { readonly object: Fields }
  | { readonly list: Fields }
  | { readonly map: Fields }

/** A key's place in the written form; '' for what is accepted and has no effect. */
export interface Field {
  readonly to: string
  readonly type: FieldType
}

/** Keys in lower case, as HTTP bodies may spell them in any case. */
export type Fields = ReadonlyMap<string, Field>

/** Makes the table of an object: each entry lists the spellings of a key, and where it goes. */
export function fields(rows: readonly (readonly [spellings: string, to: string, type: FieldType])[]): Fields {
  return new Map(
    rows.flatMap(([spellings, to, type]) =>
      spellings.split(' ').map(name => [name.toLowerCase(), { to, type }] as const),
    ),
  )
}

/**
 * Reads the JSON of a request body by a table, as Go's decoder does: keys in any case, `null` for left out, unknown
 * keys refused.
 * @throws MusterError 400 `Request decode failed: ...`
 */
export function decodeObject(value: unknown, table: Fields, where = ''): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw mismatch(where === '' ? 'the body' : where, 'an object', value)
  const result: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value)) {
    const field = table.get(key.toLowerCase())
    if (field === undefined) throw unknownField(key, table)
    if (field.to === '' || member === null || member === undefined) continue
    result[field.to] = decode(member, field.type, where === '' ? key : `${where}.${key}`)
  }
  return result
}

function decode(value: unknown, type: FieldType, where: string): unknown {
  if (typeof type === 'object') {
    if ('object' in type) return decodeObject(value, type.object, where)
    if ('list' in type)
      return elements(value, where).map((element, i) => decodeObject(element, type.list, `${where}[${i}]`))
    return mapOf(value, where, (member, name) => decodeObject(member, type.map, name))
  }
  switch (type) {
    case 'text':
      return text(value, where)
    case 'flag':
      return typeof value === 'boolean' ? value : refuse(where, 'true or false', value)
    case 'count':
      return Number.isSafeInteger(value) ? value : refuse(where, 'a whole number', value)
    case 'duration':
      return duration(value, where)
    case 'texts':
      return elements(value, where).map((element, i) => text(element, `${where}[${i}]`))
    case 'textMap':
      return mapOf(value, where, text)
    case 'textsMap':
      return mapOf(value, where, (member, name) =>
        elements(member, name).map((element, i) => text(element, `${name}[${i}]`)),
      )
    case 'free':
      return mapOf(value, where, member => member)
    case 'any':
      return value
  }
}

function duration(value: unknown, where: string): string {
  if (typeof value === 'number') return durationText(value)
  const written = typeof value === 'string' ? value : refuse(where, 'a duration like "10s", or nanoseconds', value)
  const error = goDurationError(written)
  if (error !== undefined) throw failed(error, 'write it like "10s", "1m30s" or "300ms"')
  return written
}

/** `null` among texts is an empty one, as it is for Go. */
const text = (value: unknown, where: string): string =>
  value === null ? '' : typeof value === 'string' ? value : refuse(where, 'a text', value)

const elements = (value: unknown, where: string): readonly unknown[] =>
  Array.isArray(value) ? value : refuse(where, 'a list', value)

function mapOf<T>(value: unknown, where: string, read: (member: unknown, name: string) => T): Record<string, T> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(where, 'an object', value)
  // From entries, so that a key `__proto__` is a key like any other.
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, read(member, `${where}.${name}`)]))
}

function refuse(where: string, expected: string, value: unknown): never {
  throw mismatch(where, expected, value)
}

function mismatch(where: string, expected: string, value: unknown): MusterError {
  const found =
    value === null || value === undefined
      ? 'null'
      : Array.isArray(value)
        ? 'a list'
        : typeof value === 'object'
          ? 'an object'
          : typeof value === 'string'
            ? 'a text'
            : `the ${typeof value} ${JSON.stringify(value)}`
  return failed(`json: ${where} must be ${expected}, found ${found}`)
}

function unknownField(key: string, table: Fields): MusterError {
  const known = new Map([...table].map(([name, { to }]) => [to, name]))
  const hint =
    key.toLowerCase() === 'id' && table.has('checkid')
      ? 'write CheckID'
      : known.has(key)
        ? `write ${known.get(key) ?? ''}, in any case`
        : undefined
  return failed(`json: unknown field ${JSON.stringify(key)}`, hint)
}

const failed = (detail: string, hint?: string): MusterError =>
  new MusterError('DEFINITION_DECODE', `Request decode failed: ${detail}`, {
    status: 400,
    ...(hint === undefined ? {} : { hint }),
  })
