import { milliseconds, type Duration } from '../../common/duration.js'
import { MusterError } from '../../common/errors.js'

/** The configuration of an auth method as somebody wrote it. */
export type WrittenConfig = Readonly<Record<string, unknown>>

/** A refusal of an auth method's configuration, with the status that Consul gives it. */
export const invalidConfig = (problem: string): MusterError =>
  new MusterError('ACL_INVALID', `Invalid Auth Method: ${problem}`)

/** Longest configuration in bytes of JSON: some hundred keys. */
const maxConfigBytes = 256 * 1024

/**
 * Reads the keys of a configuration, which are known without regard to letter case. Keys that nobody knows are refused,
 * as are values of other types.
 */
export class ConfigReader {
  readonly #values = new Map<string, readonly [key: string, value: unknown]>()

  /** @throws MusterError ACL_INVALID when there is a key that is not `known`, or too much in all */
  constructor(config: WrittenConfig, known: readonly string[]) {
    const size = Buffer.byteLength(JSON.stringify(config))
    if (size > maxConfigBytes)
      throw invalidConfig(`the Config has ${size} bytes, at most ${maxConfigBytes} are allowed`)
    const canonical = new Set(known.map(key => key.toLowerCase()))
    const unknown = Object.keys(config).filter(key => !canonical.has(key.toLowerCase()))
    if (unknown.length > 0) throw undecodable(`'' has invalid keys: ${unknown.sort().join(', ')}`)
    for (const [key, value] of Object.entries(config)) this.#values.set(key.toLowerCase(), [key, value])
  }

  text(key: string): string {
    const value = this.#value(key)
    if (value === undefined) return ''
    if (typeof value !== 'string') throw mistyped(key, 'string', value)
    return value
  }

  texts(key: string): readonly string[] {
    const value = this.#value(key)
    if (value === undefined) return []
    if (!Array.isArray(value)) throw mistyped(key, '[]string', value)
    return value.map((item: unknown) => {
      if (typeof item !== 'string') throw mistyped(key, '[]string', item)
      return item
    })
  }

  textMap(key: string): ReadonlyMap<string, string> {
    const value = this.#value(key)
    if (value === undefined) return new Map()
    if (typeof value !== 'object' || Array.isArray(value)) throw mistyped(key, 'map[string]string', value)
    return new Map(
      Object.entries(value as WrittenConfig).map(([name, item]) => {
        if (typeof item !== 'string') throw mistyped(`${key}[${name}]`, 'string', item)
        return [name, item]
      }),
    )
  }

  /** A whole number of nanoseconds; texts are refused. */
  nanoseconds(key: string): Duration {
    const value = this.#value(key)
    if (value === undefined) return milliseconds(0)
    if (typeof value !== 'number' || !Number.isInteger(value)) throw mistyped(key, 'time.Duration', value)
    return milliseconds(value / 1e6)
  }

  /** Null says nothing. */
  #value(key: string): NonNullable<unknown> | undefined {
    return this.#values.get(key.toLowerCase())?.[1] ?? undefined
  }
}

const undecodable = (what: string): MusterError =>
  invalidConfig(`error decoding config: 1 error(s) decoding:\n\n* ${what}`)

const mistyped = (key: string, wanted: string, found: unknown): MusterError =>
  undecodable(
    `'${key}' expected type '${wanted}', got unconvertible type '${Array.isArray(found) ? 'list' : typeof found}'`,
  )
