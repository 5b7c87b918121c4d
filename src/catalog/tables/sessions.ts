import type { Change } from '../../store/index.js'
import { Bucket, Index } from '../bucket.js'
import { sessionKey } from '../keys.js'
import { pair } from '../order.js'
import { decodeSession } from '../sessions/session-codec.js'
import { checksOf } from '../sessions/types.js'
import type { Session, SessionFollower } from '../sessions/types.js'
import type { Topic, Topics, TopicFamily, Touched } from '../topics.js'
import { RowStore } from './row-store.js'
import type { Table } from './table.js'

/** Sessions. */
export interface SessionReads {
  /** All of them, by id. */
  all(): readonly Session[]
  get(id: string): Session | undefined
  ofNode(node: string): readonly Session[]
  /** Sessions that end when this check turns critical or goes. */
  ofCheck(node: string, check: string): readonly Session[]
  readonly topics: {
    all(): Topic
    one(id: string): Topic
    ofNode(node: string): Topic
  }
}

/** Sessions by id, by node and by the checks that they depend on. */
export class SessionTable implements Table<SessionReads>, SessionReads {
  readonly prefix = 'session'
  readonly reads: SessionReads = this
  readonly topics: SessionReads['topics'] = {
    all: () => this.#registry.table('sessions'),
    one: id => this.#registry.of(this.#byIdTopics, id.toLowerCase()),
    ofNode: node => this.#registry.of(this.#byNodeTopics, node.toLowerCase()),
  }
  /** Topics `session:<id>`. */
  readonly #byIdTopics: TopicFamily
  /** Topics `node-sessions:<node>`. */
  readonly #byNodeTopics: TopicFamily
  /** Listeners for created and ended sessions. */
  readonly followers = new Set<SessionFollower>()
  readonly #rows = new RowStore<Session>(decodeSession, session => session.id)
  readonly #all = new Bucket<Session>()
  readonly #byNode = new Index<Session>()
  readonly #byCheck = new Index<Session>()
  readonly #registry: Topics

  constructor(registry: Topics) {
    this.#registry = registry
    this.#byIdTopics = registry.family('session', id => this.get(id) !== undefined)
    this.#byNodeTopics = registry.family('node-sessions', node => this.#byNode.has(node))
  }

  get(id: string): Session | undefined {
    return this.#rows.get(sessionKey(id.toLowerCase()))
  }
  all(): readonly Session[] {
    return this.#all.values()
  }
  ofNode(node: string): readonly Session[] {
    return this.#byNode.values(node.toLowerCase())
  }
  ofCheck(node: string, check: string): readonly Session[] {
    return this.#byCheck.values(pair(node.toLowerCase(), check))
  }

  apply(change: Change, touched: Touched): void {
    this.#rows.apply(change, ({ before, after }) => {
      if (before !== undefined) {
        const { key, value } = before
        const node = value.node.toLowerCase()
        this.#all.delete(key)
        this.#byNode.remove(node, key)
        for (const check of checksOf(value)) this.#byCheck.remove(pair(node, check), key)
        for (const follower of this.followers) follower.gone(value.id)
      }
      if (after !== undefined) {
        const { value } = after
        const node = value.node.toLowerCase()
        this.#all.set(after)
        this.#byNode.put(node, after)
        for (const check of checksOf(value)) this.#byCheck.put(pair(node, check), after)
        for (const follower of this.followers) follower.appeared(value)
      }
      touched.add(this.#registry.tables, 'sessions')
      for (const row of [before, after]) {
        if (row === undefined) continue
        touched.add(this.#byIdTopics, row.value.id)
        touched.add(this.#byNodeTopics, row.value.node.toLowerCase())
      }
    })
  }
}
