import { MusterError } from '../../common/errors.js'
import { parseBool } from '../../common/parse-bool.js'

/** The parameters after `?`, decoded. Sequences that are no valid escapes are kept as they stand. */
export class Query {
  readonly #parameters: URLSearchParams

  constructor(search: string) {
    this.#parameters = new URLSearchParams(search)
  }

  /** Whether the parameter is there at all, with or without a value: `?stale`. */
  has(name: string): boolean {
    return this.#parameters.has(name)
  }

  /** The first value, '' when there is none. */
  first(name: string): string {
    return this.#parameters.get(name) ?? ''
  }

  /** Every value, in order. */
  all(name: string): readonly string[] {
    return this.#parameters.getAll(name)
  }

  /** Name and value of every parameter, in order. */
  entries(): Iterable<readonly [string, string]> {
    return this.#parameters
  }

  /**
   * A switch: absent false, bare true, otherwise a truth value.
   * @throws MusterError 400 with `refusal` for any other word.
   */
  flag(name: string, refusal: string): boolean {
    if (!this.has(name)) return false
    const text = this.first(name)
    const value = text === '' ? true : parseBool(text)
    if (value === undefined) throw new MusterError('HTTP_PARAMETER', refusal, { status: 400 })
    return value
  }
}
