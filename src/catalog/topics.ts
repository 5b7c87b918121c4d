import type { Clock } from '../common/clock.js'
import type { EndSignal } from '../common/end-signal.js'
import { revision } from '../store/index.js'
import type { Revision } from '../store/index.js'

/**
 * Something that a reader can wait on: a table, one service, one node, one check state. `index` is the newest revision
 * that changed it (at least 1, never going back); an answer built at one `index` stays right until `index` moves, so
 * answer caches compare it and nothing else. Topics of things that do not exist are waitable too, and wake when the
 * thing is born.
 */
export interface Topic {
  readonly name: string
  readonly index: Revision
}

interface Waiter {
  readonly after: Revision
  settle(moved: boolean): void
}

/** A topic as the registry keeps it. Only {@link Topics} moves its index. */
export class TopicCell implements Topic {
  index: Revision
  /** Undefined while nobody waits, which is the usual case. */
  waiters: Set<Waiter> | undefined
  readonly #family: TopicFamily
  readonly #name: string

  /** @param name the name within the family */
  constructor(family: TopicFamily, name: string, index: Revision) {
    this.#family = family
    this.#name = name
    this.index = index
  }

  get name(): string {
    return this.#family.title(this.#name)
  }
}

/** What a batch of changes moved: topics, each with the newest revision that touched it. */
export class Touched {
  readonly #marks = new Map<TopicFamily, Map<string, Revision>>()
  /** The revision that marks get from now on; the caller sets it before each change, never lower than before. */
  at: Revision = revision(1)

  add(family: TopicFamily, name: string): void {
    let names = this.#marks.get(family)
    if (names === undefined) this.#marks.set(family, (names = new Map<string, Revision>()))
    names.set(name, this.at)
  }

  names(family: TopicFamily): Iterable<string> {
    return this.#marks.get(family)?.keys() ?? []
  }
  marks(): Iterable<[TopicFamily, Map<string, Revision>]> {
    return this.#marks
  }
}

/**
 * Topics of one kind, by name. Those of things that exist, or that did until lately, are held; those of things that do
 * not are held only as long as somebody else does (a reader, a waiter), so asking for a million random names leaves
 * nothing behind.
 */
export class TopicFamily {
  readonly title: (name: string) => string
  readonly alive: (name: string) => boolean
  readonly #forgotten: ((name: string) => void) | undefined
  readonly #held = new Map<string, TopicCell>()
  readonly #borrowed = new Map<string, WeakRef<TopicCell>>()
  readonly #collected = new FinalizationRegistry<string>(name => {
    if (this.#borrowed.get(name)?.deref() !== undefined) return
    this.#borrowed.delete(name)
    this.#forgotten?.(name)
  })

  /**
   * @param title the topic's name for people, given the name within the family
   * @param alive whether the thing exists now
   * @param forgotten given for a family whose topics are never held, only lent; told of each that nobody holds any more
   */
  constructor(title: (name: string) => string, alive: (name: string) => boolean, forgotten?: (name: string) => void) {
    this.title = title
    this.alive = alive
    this.#forgotten = forgotten
  }

  /** Whether only the users of its topics keep them alive. */
  get weak(): boolean {
    return this.#forgotten !== undefined
  }

  /** How many topics the family keeps track of. */
  get size(): number {
    return this.#held.size + this.#borrowed.size
  }

  find(name: string): TopicCell | undefined {
    return this.#held.get(name) ?? this.#borrowed.get(name)?.deref()
  }

  /** The topic of `name`; a new one gets `index`, and is held when the thing exists. */
  get(name: string, index: Revision): TopicCell {
    const found = this.find(name)
    if (found !== undefined) return found
    const cell = new TopicCell(this, name, index)
    if (this.alive(name)) this.#held.set(name, cell)
    else this.#holdWeakly(name, cell)
    return cell
  }

  /** The topic of something that changed just now; it is held from here on. */
  hold(name: string, index: Revision): TopicCell {
    const held = this.#held.get(name)
    if (held !== undefined) return held
    const cell = this.#borrowed.get(name)?.deref() ?? new TopicCell(this, name, index)
    this.#borrowed.delete(name)
    this.#held.set(name, cell)
    return cell
  }

  /** All topics that are kept track of. */
  *cells(): Iterable<TopicCell> {
    yield* this.#held.values()
    for (const reference of this.#borrowed.values()) {
      const cell = reference.deref()
      if (cell !== undefined) yield cell
    }
  }

  /** Forgets a topic of something gone, unless somebody else holds it. */
  release(name: string): void {
    const cell = this.#held.get(name)
    if (cell === undefined) return
    this.#held.delete(name)
    this.#holdWeakly(name, cell)
  }

  #holdWeakly(name: string, cell: TopicCell): void {
    this.#borrowed.set(name, new WeakRef(cell))
    this.#collected.register(cell, name)
  }
}

interface Tombstone {
  readonly family: TopicFamily
  readonly name: string
  readonly index: Revision
}

/**
 * All topics of a catalog. The index of a topic never goes back: things that disappeared leave their index behind (a
 * tombstone), and when there are too many of those, the older half gives way to the floor: one index for everything
 * that was never seen.
 */
export class Topics {
  #floor = revision(1)
  readonly #clock: Clock
  readonly #tombstoneLimit: number
  readonly #families: TopicFamily[] = []
  readonly #tombstones = new Map<string, Tombstone>()
  readonly #waiters = new Set<Waiter>()
  #closed = false
  /** Topics that are always there: whole tables. */
  readonly tables = this.family('', () => true)

  /** @param tombstoneLimit how many disappeared things are remembered one by one; some 200 bytes each */
  constructor(clock: Clock, tombstoneLimit = 10_000) {
    this.#clock = clock
    this.#tombstoneLimit = tombstoneLimit
  }

  /** The index of what was never seen. */
  get floor(): Revision {
    return this.#floor
  }
  /** How many topics are kept track of, for tests and metrics. */
  get size(): number {
    return this.#families.reduce((sum, family) => sum + family.size, 0)
  }

  /** A new kind of topic. `kind` stands before the names of its topics: `service:web`. */
  family(kind: string, alive: (name: string) => boolean): TopicFamily {
    const family = new TopicFamily(name => (kind === '' ? name : `${kind}:${name}`), alive)
    this.#families.push(family)
    return family
  }

  /**
   * A kind of topic with an unlimited number of names: topics are held weakly, and a new one gets its index from the
   * table.
   */
  weakFamily(kind: string, forgotten: (name: string) => void): TopicFamily {
    const family = new TopicFamily(
      name => `${kind}:${name}`,
      () => false,
      forgotten,
    )
    this.#families.push(family)
    return family
  }

  /** The topic of a table. */
  table(name: string): TopicCell {
    return this.tables.get(name, this.#floor)
  }
  /** The topic of one thing. `atLeast` raises the index that a topic of something absent starts with. */
  of(family: TopicFamily, name: string, atLeast = this.#floor): TopicCell {
    return family.get(name, atLeast > this.#floor ? atLeast : this.#floor)
  }

  /** Begins with everything at one revision, that of a load: what changed before it is not known. */
  begin(at: Revision): void {
    this.#floor = at
  }

  /** Lets every topic move, after everything was loaded that was not known when it was made. */
  raise(at: Revision): void {
    for (const family of this.#families) {
      for (const cell of [...family.cells()]) {
        if (cell.index < at) cell.index = at
        for (const waiter of [...(cell.waiters ?? [])]) if (cell.index > waiter.after) waiter.settle(true)
      }
    }
  }

  /** Updates the touched topics, then wakes their waiters. All changes must be readable by now. */
  move(touched: Touched): void {
    const woken: TopicCell[] = []
    for (const [family, names] of touched.marks()) {
      for (const [name, at] of names) {
        const cell = family.weak ? family.find(name) : family.hold(name, at)
        if (cell === undefined) continue
        cell.index = at
        if (cell.waiters !== undefined) woken.push(cell)
        if (!family.weak) this.#addTombstone(family, name, at)
      }
    }
    this.#dropOldTombstones()
    for (const cell of woken)
      for (const waiter of [...(cell.waiters ?? [])]) if (cell.index > waiter.after) waiter.settle(true)
  }

  /** See {@link CatalogReads.wait}. @throws TypeError for a topic of another catalog */
  wait(topic: Topic, after: Revision, ms: number, signal?: EndSignal): Promise<boolean> {
    if (!(topic instanceof TopicCell)) throw new TypeError(`topic ${topic.name} is not of this catalog`)
    if (topic.index > after) return Promise.resolve(true)
    if (ms <= 0 || signal?.aborted === true || this.#closed) return Promise.resolve(false)
    return new Promise(resolve => {
      const settle = (moved: boolean): void => {
        topic.waiters?.delete(waiter)
        if (topic.waiters?.size === 0) topic.waiters = undefined
        this.#waiters.delete(waiter)
        timer.cancel()
        signal?.removeEventListener('abort', abort)
        resolve(moved)
      }
      const waiter: Waiter = { after, settle }
      const abort = (): void => {
        settle(false)
      }
      const timer = this.#clock.after(ms, abort)
      signal?.addEventListener('abort', abort)
      topic.waiters ??= new Set()
      topic.waiters.add(waiter)
      this.#waiters.add(waiter)
    })
  }

  /** Resolves all waits with false, and later ones at once. */
  close(): void {
    this.#closed = true
    for (const waiter of this.#waiters) waiter.settle(false)
  }

  #addTombstone(family: TopicFamily, name: string, index: Revision): void {
    const title = family.title(name)
    this.#tombstones.delete(title)
    if (!family.alive(name)) this.#tombstones.set(title, { family, name, index })
  }

  #dropOldTombstones(): void {
    if (this.#tombstones.size <= this.#tombstoneLimit) return
    let surplus = this.#tombstones.size - Math.floor(this.#tombstoneLimit / 2)
    for (const [title, { family, name, index }] of this.#tombstones) {
      if (surplus-- <= 0) break
      this.#tombstones.delete(title)
      family.release(name)
      if (index > this.#floor) this.#floor = index
    }
  }
}
