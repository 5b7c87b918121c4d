import { compareText } from '../../common/text-order.js'
import type { Entry } from '../store.js'
import { revision } from '../store.js'
import type { KeyValue } from './etcd-messages.js'

/** A range of etcd's keys. */
export interface Keys {
  readonly key: Buffer
  readonly rangeEnd: Buffer
}

/** To etcd as an end: everything from the beginning on. */
const everything = Buffer.from([0])

/**
 * The keys of etcd under a prefix. Those that begin with NUL after it are the store's own notes, which its users never
 * see; other keys of the same etcd are never touched.
 */
export class Keyspace {
  /** All keys under the prefix, the store's own ones too. */
  readonly all: Keys
  /** The keys of the store's users. */
  readonly data: Keys
  readonly #prefix: string
  readonly #length: number
  readonly #end: Buffer

  constructor(prefix: string) {
    this.#prefix = prefix
    this.#length = Buffer.byteLength(prefix)
    this.#end = after(prefix)
    this.all = { key: prefix === '' ? everything : Buffer.from(prefix), rangeEnd: this.#end }
    this.data = { key: this.#from(''), rangeEnd: this.#end }
  }

  key(key: string): Buffer {
    return Buffer.from(this.#prefix + key)
  }

  /** A key of the store's own. */
  note(name: string): Buffer {
    return Buffer.from(`${this.#prefix}\0${name}`)
  }

  /** The range [from, to) of users' keys; undefined when it is empty. Empty `to`: no end. */
  range(from: string, to: string): Keys | undefined {
    if (to !== '' && compareText(from, to) >= 0) return undefined
    return { key: this.#from(from), rangeEnd: to === '' ? this.#end : this.key(to) }
  }

  /** A key as its user knows it; undefined for one of the store's own. */
  read(bytes: Buffer): string | undefined {
    return bytes[this.#length] === 0 ? undefined : bytes.toString('utf8', this.#length)
  }

  /** A user's entry as etcd gave it. */
  entry(key: string, { value, createRevision, modRevision }: KeyValue): Entry {
    return { key, value: alone(value), created: revision(createRevision), modified: revision(modRevision) }
  }

  #from(from: string): Buffer {
    return this.key(from === '' ? '\u0001' : from)
  }
}

/** The first key behind all that begin with a text. */
function after(prefix: string): Buffer {
  const end = Buffer.from(prefix)
  for (let at = end.length - 1; at >= 0; at--) {
    const byte = end[at] ?? 0
    if (byte === 0xff) continue
    end[at] = byte + 1
    return end.subarray(0, at + 1)
  }
  return everything
}

/**
 * A value that may be kept for long. It is a part of what was received, and would keep all of that: only one that is
 * most of it is left where it is.
 */
const alone = (value: Buffer): Buffer => (value.buffer.byteLength <= 2 * value.length ? value : Buffer.from(value))
