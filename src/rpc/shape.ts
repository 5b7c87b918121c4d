import { MusterError } from '../common/errors.js'
import { isObject } from '../common/plain-data.js'
import { isPrintable, printable } from '../common/printable.js'

/**
 * A JSON object of another agent, read field by field: what is missing or of another kind ends the call with its name.
 */
export class Shape {
  readonly #fields: Readonly<Record<string, unknown>>
  readonly #what: string

  /** @throws MusterError CLUSTER_MESSAGE when `value` is no object */
  constructor(value: unknown, what: string) {
    if (!isObject(value)) throw malformed(what, 'is no object')
    this.#fields = value
    this.#what = what
  }

  /** A text of at most 512 characters and without control characters: it is shown, logged and compared as it came. */
  text(name: string): string {
    const value = this.#fields[name]
    if (typeof value !== 'string' || value.length > 512) throw malformed(this.#what, `has no text '${name}'`)
    if (!isPrintable(value))
      throw malformed(
        this.#what,
        `has control characters in '${name}': ${printable(JSON.stringify(value.slice(0, 100)))}`,
      )
    return value
  }

  optionalText(name: string): string | undefined {
    return this.#fields[name] === undefined ? undefined : this.text(name)
  }

  /** A finite number. */
  number(name: string): number {
    const value = this.#fields[name]
    if (typeof value !== 'number' || !Number.isFinite(value)) throw malformed(this.#what, `has no number '${name}'`)
    return value
  }

  flag(name: string): boolean {
    const value = this.#fields[name]
    if (typeof value !== 'boolean') throw malformed(this.#what, `has no flag '${name}'`)
    return value
  }

  has(name: string): boolean {
    return this.#fields[name] !== undefined
  }

  object(name: string): Shape {
    return new Shape(this.#fields[name], `${this.#what}.${name}`)
  }

  /** Each item of a list, of which at most `most` are looked at; none when the list is missing. */
  list<Item>(name: string, maxItems: number, read: (item: unknown) => Item): readonly Item[] {
    const value = this.#fields[name]
    if (value === undefined) return []
    if (!Array.isArray(value)) throw malformed(this.#what, `has no list '${name}'`)
    return value.slice(0, maxItems).map(read)
  }
}

const malformed = (what: string, how: string): MusterError =>
  new MusterError('CLUSTER_MESSAGE', `${what} ${how}`, {
    status: 400,
    hint: 'the other agent may be of another version',
  })
