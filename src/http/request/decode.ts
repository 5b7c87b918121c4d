import { nearest } from '../../common/nearest.js'
import { isObject } from '../../common/plain-data.js'
import { parseJson, decodeFailed } from './json-body.js'

/** Reads one value of a request body. `where` is its dotted path, for messages. @throws MusterError 400 */
export type Reader<Value> = (value: unknown, where: string) => Value

const mismatch = (where: string, wanted: string, value: unknown): Error =>
  decodeFailed(`${where === '' ? 'the body' : where}: expected ${wanted}, got ${nameOf(value)}`)

const nameOf = (value: unknown): string =>
  value === null
    ? 'null'
    : Array.isArray(value)
      ? 'a list'
      : typeof value === 'object'
        ? 'an object'
        : `a ${typeof value}`

/** A text. */
export const string: Reader<string> = (value, where) => {
  if (typeof value !== 'string') throw mismatch(where, 'a string', value)
  return value
}

/** A whole number. */
export const integer: Reader<number> = (value, where) => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw mismatch(where, 'a whole number', value)
  return value
}

/** True or false. */
export const boolean: Reader<boolean> = (value, where) => {
  if (typeof value !== 'boolean') throw mismatch(where, 'true or false', value)
  return value
}

/** A list, each element read by `element`. */
export const list =
  <Value>(element: Reader<Value>): Reader<readonly Value[]> =>
  (value, where) => {
    if (!Array.isArray(value)) throw mismatch(where, 'a list', value)
    return value.map((one, i) => element(one, `${where}[${i}]`))
  }

/** An object with free keys, each value read by `element`. */
export const map =
  <Value>(element: Reader<Value>): Reader<Readonly<Record<string, Value>>> =>
  (value, where) => {
    if (!isObject(value)) throw mismatch(where, 'an object', value)
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, element(one, `${where}.${key}`)]))
  }

/** Whatever stands there, for parts that are shown as they came. */
export const anything: Reader<unknown> = value => value

type Fields = Readonly<Record<string, Reader<unknown>>>

/** What {@link object} gives for its fields: each may be missing. */
export type Decoded<Spec extends Fields> = {
  readonly [Key in keyof Spec]?: Spec[Key] extends Reader<infer Value> ? Value : never
}

/**
 * An object with known keys, which match in any case, as in Go. A null is the same as a key that is not there; of
 * two spellings of one key the last counts.
 */
export const object = <Spec extends Fields>(fields: Spec): Reader<Decoded<Spec>> =>
  keyed(fields, (written, known) => {
    throw unknownField(written, known)
  })

/** As {@link object}, but keys that are not known count for nothing. */
export const openObject = <Spec extends Fields>(fields: Spec): Reader<Decoded<Spec>> => keyed(fields, () => undefined)

const keyed = <Spec extends Fields>(
  fields: Spec,
  unknown: (written: string, known: readonly string[]) => void,
): Reader<Decoded<Spec>> => {
  const known = new Map(Object.keys(fields).map(key => [key.toLowerCase(), key]))
  return (value, where) => {
    if (!isObject(value)) throw mismatch(where, 'an object', value)
    const decoded: Record<string, unknown> = {}
    for (const [written, one] of Object.entries(value)) {
      const key = known.get(written.toLowerCase())
      const reader = key === undefined ? undefined : fields[key]
      if (key === undefined || reader === undefined) unknown(written, [...known.values()])
      else if (one !== null) decoded[key] = reader(one, where === '' ? key : `${where}.${key}`)
    }
    return decoded as Decoded<Spec>
  }
}

/** Reads a body of JSON. @throws MusterError 400 `Request decode failed: ...` */
export const decodeBody = <Value>(body: Buffer, reader: Reader<Value>): Value => reader(parseJson(body), '')

/** Characters of a key that are said again where it is refused. */
const maxShown = 1024

function unknownField(written: string, known: readonly string[]): Error {
  const near = nearest(written, known)
  return decodeFailed(
    `json: unknown field ${JSON.stringify(written.slice(0, maxShown))}`,
    near === undefined ? undefined : `did you mean "${near}"?`,
  )
}
