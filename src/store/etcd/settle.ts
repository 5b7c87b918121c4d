import { MusterError } from '../../common/errors.js'
import type { Caller } from './caller.js'
import { noLeader } from './failures.js'
import type { Feed } from './feed.js'
import type { Keyspace } from './keyspace.js'
import { methods } from './methods.js'

/** Changes arrive with the answers that name them; later than this, what etcd counted may have been someone else's. */
const usual = 25

/** After which the watch itself is doubted. */
const stuck = 1000

/**
 * Waits until the feed has brought everything up to a revision. Etcd counts the keys of others too, and of those
 * nothing arrives: then a note of the store's own is written, which arrives behind all that was before it.
 */
export class Settle {
  readonly #caller: Caller
  readonly #feed: Feed
  readonly #keys: Keyspace
  #beating: Promise<number> | undefined

  constructor(caller: Caller, feed: Feed, keys: Keyspace) {
    this.#caller = caller
    this.#feed = feed
    this.#keys = keys
  }

  /** @throws MusterError STORE_NO_LEADER when that takes longer than the hold time */
  async until(revision: number): Promise<void> {
    const { reached } = this.#feed
    if (reached.revision >= revision) return
    if (await this.#within(revision, usual)) return
    const end = this.#caller.clock.monotonic() + this.#caller.hold
    while (reached.revision < revision) {
      const beat = await (this.#beating ??= this.#beat().finally(() => {
        this.#beating = undefined
      }))
      if (await this.#within(Math.min(beat, revision), stuck)) continue
      this.#feed.restart()
      if (this.#caller.clock.monotonic() >= end) throw noLeader(new Error('changes of the store cannot be followed'))
    }
  }

  /** Resolves with the revision of the note. */
  async #beat(): Promise<number> {
    try {
      const { header } = await this.#caller.ask(methods.txn, {
        compare: [],
        success: [{ requestPut: { key: this.#keys.note('beat'), value: Buffer.alloc(0) } }],
      })
      return header.revision
    } catch (fault) {
      if (!(fault instanceof MusterError) || fault.code !== 'STORE_FULL') throw fault
      // etcd is full, so there are no new writes. Two progress requests in a row ensure that all earlier events have
      // arrived.
      await this.#feed.progress()
      const came = await this.#feed.progress()
      this.#feed.reached.advance(came)
      return came
    }
  }

  /** Whether the feed comes that far within so many milliseconds. */
  #within(revision: number, delay: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const timer = this.#caller.clock.after(delay, () => {
        resolve(false)
      })
      this.#feed.reached.when(revision).then(
        () => {
          timer.cancel()
          resolve(true)
        },
        (reason: unknown) => {
          timer.cancel()
          reject(reason instanceof Error ? reason : new Error(String(reason)))
        },
      )
    })
  }
}
