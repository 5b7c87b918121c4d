import { gzip } from 'node:zlib'
import type { HeaderList } from '../header-list.js'

/** Bodies from this size on are compressed for clients that ask for it; below, the header costs more than it saves. */
export const gzipFrom = 1400

/** An answer's content as a read builds it. `type` '' stands for no Content-Type. */
export interface Built {
  readonly status: number
  readonly type: string
  readonly bytes: Buffer
  readonly headers?: HeaderList
}

/** What something was built from: it has moved when the index is another one. */
export interface Source {
  readonly index: number
}

/**
 * A serialised answer, right as long as `source.index` is `index`. It is shared by everyone who asks for the same
 * thing, and compressed once for all of them.
 */
export class PreparedBody {
  readonly built: Built
  readonly index: number
  readonly #source: Source
  readonly #order: Source | undefined
  readonly #orderIndex: number | undefined
  #gzipped: Buffer | undefined
  #compressing: Promise<Buffer> | undefined

  /** @param order topics that affect the order of the list; they wake no blocking query */
  constructor(built: Built, source: Source, index: number, order?: Source) {
    this.built = built
    this.#source = source
    this.index = index
    this.#order = order
    this.#orderIndex = order?.index
  }

  /** Whether nothing it was built from has changed since. */
  get fresh(): boolean {
    return this.#source.index === this.index && this.#order?.index === this.#orderIndex
  }

  /** The compressed bytes, when someone has already asked for them. */
  get gzipped(): Buffer | undefined {
    return this.#gzipped
  }

  /** Bytes of memory that it holds. */
  get size(): number {
    return this.built.bytes.length + (this.#gzipped?.length ?? 0)
  }

  /** Compresses in zlib's threads, once however many ask at the same time. */
  compress(): Promise<Buffer> {
    this.#compressing ??= new Promise((resolve, reject) => {
      gzip(this.built.bytes, { level: 4 }, (error, bytes) => {
        if (error !== null) {
          reject(error)
          return
        }
        this.#gzipped = bytes
        resolve(bytes)
      })
    })
    return this.#compressing
  }
}

/** Whether an Accept-Encoding header takes gzip. */
export function acceptsGzip(header: string | undefined): boolean {
  if (header === undefined || !/gzip/i.test(header)) return false
  return header.split(',').some(part => {
    const [coding, ...parameters] = part.split(';').map(one => one.trim().toLowerCase())
    return coding === 'gzip' && !parameters.some(parameter => /^q=0(\.0*)?$/.test(parameter))
  })
}
