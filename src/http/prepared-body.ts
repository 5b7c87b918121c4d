import { gzip } from 'node:zlib'
import type { Topic } from '../catalog/index.js'
import type { HeaderList } from './answer.js'

/** Bodies from this size on are compressed for clients that ask for it; below, the header costs more than it saves. */
export const gzipFrom = 1400

/** An answer's content as a read builds it. `type` '' stands for no Content-Type. */
export interface Built {
  readonly status: number
  readonly type: string
  readonly bytes: Buffer
  readonly headers?: HeaderList
}

/**
 * A serialised answer, right as long as `topic.index` is `index`. It is shared by everyone who asks for the same thing, and
 * compressed once for all of them.
 */
export class PreparedBody {
  readonly built: Built
  readonly topic: Topic
  readonly index: Topic['index']
  readonly #order: Topic | undefined
  readonly #orderIndex: Topic['index'] | undefined
  #gzipped: Buffer | undefined
  #compressing: Promise<Buffer> | undefined

  /** @param order a topic that decides about the order of what is listed, and wakes nobody */
  constructor(built: Built, topic: Topic, index: Topic['index'], order?: Topic) {
    this.built = built
    this.topic = topic
    this.index = index
    this.#order = order
    this.#orderIndex = order?.index
  }

  /** Whether nothing it was built from has changed since. */
  get fresh(): boolean {
    return this.topic.index === this.index && this.#order?.index === this.#orderIndex
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
