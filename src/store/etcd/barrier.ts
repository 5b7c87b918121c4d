import { nextTurn } from '../../common/next-turn.js'
import type { Revision } from '../store.js'
import type { Caller } from './caller.js'
import type { Feed } from './feed.js'
import type { Keyspace } from './keyspace.js'
import type { Settle } from './settle.js'
import { methods } from './methods.js'

/**
 * Reads under way at a time. There is one for each turn of the event loop, so as long as etcd answers within as many
 * turns nobody waits for the end of a read that began before; where it does not answer at all, they stay this few.
 */
const maxUnderWay = 16

/**
 * Linearizable read barriers: one read for all who ask within a turn of the event loop, several on their way at a time.
 */
export class Barrier {
  readonly #caller: Caller
  readonly #feed: Feed
  readonly #settle: Settle
  readonly #key: Buffer
  #underWay = 0
  #gathering: Promise<Revision> | undefined
  #slots: (() => void)[] = []

  constructor(parts: { caller: Caller; feed: Feed; settle: Settle; keys: Keyspace }) {
    this.#caller = parts.caller
    this.#feed = parts.feed
    this.#settle = parts.settle
    this.#key = parts.keys.note('barrier')
  }

  /** The newest revision that watchers have seen, when everything committed before this call is among it. */
  pass(): Promise<Revision> {
    return (this.#gathering ??= this.#next())
  }

  async #next(): Promise<Revision> {
    await nextTurn()
    if (this.#underWay >= maxUnderWay)
      await new Promise<void>(resolve => {
        this.#slots.push(resolve)
      })
    // Callers from here on need a later read.
    this.#gathering = undefined
    this.#underWay++
    try {
      const { header } = await this.#caller.ask(methods.range, { key: this.#key, countOnly: true })
      this.#caller.sawTerm(header.raftTerm)
      await this.#settle.until(header.revision)
      return this.#feed.hub.revision
    } finally {
      this.#underWay--
      this.#slots.shift()?.()
    }
  }
}
