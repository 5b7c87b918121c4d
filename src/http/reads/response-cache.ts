import { keepNewest } from '../../common/keep-newest.js'
import type { HeaderList } from '../header-list.js'
import { gzipFrom, type PreparedBody } from '../answer/prepared-body.js'
import type { Reach } from '../route.js'

/** A serialised answer for an exact request line, sent without parsing, lookups or serialisation. */
export interface KeptAnswer {
  readonly body: PreparedBody
  /** Of the endpoint that gave it. */
  readonly reach: Reach
  readonly plain: HeaderList
  /** Headers for clients that accept gzip. `small`: compression would not pay; undefined: not requested yet. */
  readonly gzip: HeaderList | 'small' | undefined
}

/** What the cache may hold. */
export interface CacheLimits {
  readonly bodies: number
  readonly bytes: number
  /** Request lines per body; and longer ones than this many characters are not kept. */
  readonly urlsPerBody: number
  readonly urlLength: number
}

/** Room for every service of a large cluster, in a few percent of a small machine's memory. */
const defaultCacheLimits: CacheLimits = {
  bodies: 4096,
  bytes: 64 * 1024 * 1024,
  urlsPerBody: 16,
  urlLength: 1024,
}

/** Bodies too large to keep of which the place is remembered. */
const maxLarge = 64

interface Slot {
  readonly body: PreparedBody
  readonly urls: string[]
  size: number
  used: boolean
}

/**
 * Keeps serialised answers, by what they contain (shared by blocking queries, which differ in their index) and by
 * request line (for the fast path). Whether a kept one is still right, its body knows. Entries not used since the last
 * round are dropped first.
 */
export class ResponseCache {
  readonly #limits: CacheLimits
  readonly #bodies = new Map<string, Slot>()
  /** Bodies too large to keep, for as long as somebody is being sent them. */
  readonly #large = new Map<string, WeakRef<PreparedBody>>()
  readonly #answers = new Map<string, { readonly answer: KeptAnswer; readonly slot: Slot }>()
  #bytes = 0

  constructor(limits: CacheLimits = defaultCacheLimits) {
    this.#limits = limits
  }

  /** Bodies, request lines and bytes held. */
  get held(): { readonly bodies: number; readonly urls: number; readonly bytes: number } {
    return { bodies: this.#bodies.size, urls: this.#answers.size, bytes: this.#bytes }
  }

  /** The answer to a request line, if it is kept and still right. */
  answer(url: string): KeptAnswer | undefined {
    const kept = this.#answers.get(url)
    if (kept?.answer.body.fresh !== true) return undefined
    kept.slot.used = true
    return kept.answer
  }

  /** The body for a content key, if it is kept and still right. */
  body(key: string): PreparedBody | undefined {
    const slot = this.#bodies.get(key)
    if (slot === undefined) return this.#largeBody(key)
    if (!slot.body.fresh) return undefined
    slot.used = true
    return slot.body
  }

  /** Keeps a body, in place of the one that was kept under that key. */
  keepBody(key: string, body: PreparedBody): void {
    this.#drop(key)
    // A compressed copy may join it later, and is counted from the start.
    const size = body.built.bytes.length * (body.built.bytes.length >= gzipFrom ? 2 : 1) + key.length * 2 + 512
    if (key.length > this.#limits.urlLength * 2) return
    if (size > this.#limits.bytes / 4) {
      this.#shareLarge(key, body)
      return
    }
    this.#bodies.set(key, { body, urls: [], size, used: false })
    this.#bytes += size
    this.#makeRoom()
  }

  /** Keeps how a request line is answered, as long as its body is kept under `key`. */
  keepAnswer(url: string, key: string, answer: KeptAnswer): void {
    const slot = this.#bodies.get(key)
    if (slot?.body !== answer.body || url.length > this.#limits.urlLength) return
    const known = this.#answers.get(url)
    if (known?.slot !== slot) {
      if (slot.urls.length >= this.#limits.urlsPerBody) return
      slot.urls.push(url)
      const cost = url.length * 2 + 1024
      slot.size += cost
      this.#bytes += cost
    }
    this.#answers.set(url, { answer, slot })
    this.#makeRoom()
  }

  /** Forgets everything: settings that shape answers have changed. */
  clear(): void {
    this.#bodies.clear()
    this.#answers.clear()
    this.#large.clear()
    this.#bytes = 0
  }

  #largeBody(key: string): PreparedBody | undefined {
    const body = this.#large.get(key)?.deref()
    return body?.fresh === true ? body : undefined
  }

  #shareLarge(key: string, body: PreparedBody): void {
    this.#large.delete(key)
    this.#large.set(key, new WeakRef(body))
    keepNewest(this.#large, maxLarge)
  }

  #makeRoom(): void {
    for (const [key, slot] of this.#bodies) {
      if (this.#bodies.size <= this.#limits.bodies && this.#bytes <= this.#limits.bytes) return
      if (slot.used && slot.body.fresh) {
        slot.used = false
        this.#bodies.delete(key)
        this.#bodies.set(key, slot)
      } else {
        this.#drop(key)
      }
    }
  }

  #drop(key: string): void {
    const slot = this.#bodies.get(key)
    if (slot === undefined) return
    this.#bodies.delete(key)
    this.#bytes -= slot.size
    for (const url of slot.urls) if (this.#answers.get(url)?.slot === slot) this.#answers.delete(url)
  }
}
