import type { Condition, Write } from '../store/index.js'
import { inRange } from './keys.js'
import type { KeyRange } from './keys.js'

/** A write on its way: others that depend on its keys wait for it. */
class Ticket {
  #finished = false
  #waiting: (() => void)[] = []

  finished(): Promise<void> {
    return this.#finished
      ? Promise.resolve()
      : new Promise(resolve => {
          this.#waiting.push(resolve)
        })
  }

  finish(): void {
    this.#finished = true
    for (const resolve of this.#waiting) resolve()
    this.#waiting = []
  }
}

interface Slot {
  writer: Ticket | undefined
  /**
   * The last write that adds a key here. Deletions do not violate a condition that a range stays without additions.
   */
  putter: Ticket | undefined
  readonly readers: Set<Ticket>
}

interface Span {
  readonly range: KeyRange
  readonly tickets: Set<Ticket>
}

/** What a commit relies on and what it writes. */
interface Plan {
  readonly when: readonly Condition[]
  readonly then: readonly (
    Pick<Extract<Write, { key: string }>, 'kind' | 'key'> | Extract<Write, { kind: 'delete-range' }>
  )[]
}

/** A place in the order of commits. */
export interface Place {
  /** Resolves when all that this write depends on has been decided; undefined when there is nothing to wait for. */
  readonly turn: Promise<unknown> | undefined
  leave(): void
}

/**
 * Keeps writes of one process that depend on each other apart: one that read (has a condition on) a key which another
 * is about to write, or writes a key which another has read, waits for it and is planned again, in order of arrival. So
 * a hundred writers of one key succeed one after the other instead of failing each other's conditions. Writes that only
 * share what they read, or that only overwrite each other, travel together. Between processes the store's conditions
 * decide.
 */
export class CommitOrder {
  readonly #slots = new Map<string, Slot>()
  /** Ranges with a condition on additions, and ranges to be deleted, of the writes in flight. */
  readonly #quiet = new Map<string, Span>()
  readonly #going = new Map<string, Span>()

  enter(plan: Plan): Place {
    const before = new Set<Ticket>()
    for (const condition of plan.when) this.#beforeReading(condition, before)
    for (const write of plan.then) this.#beforeWriting(write, before)
    const ticket = new Ticket()
    for (const condition of plan.when) {
      if (condition.test === 'quiet') span(this.#quiet, condition).tickets.add(ticket)
      else this.#slot(condition.key).readers.add(ticket)
    }
    for (const write of plan.then) {
      if (write.kind === 'delete-range') {
        span(this.#going, write).tickets.add(ticket)
        continue
      }
      const slot = this.#slot(write.key)
      slot.writer = ticket
      if (write.kind === 'put') slot.putter = ticket
    }
    return {
      turn: before.size === 0 ? undefined : Promise.all([...before].map(other => other.finished())),
      leave: () => {
        this.#leave(plan, ticket)
      },
    }
  }

  #beforeReading(condition: Condition, before: Set<Ticket>): void {
    if (condition.test === 'quiet') {
      for (const [key, { putter }] of this.#slots)
        if (putter !== undefined && inRange(condition, key)) before.add(putter)
      return
    }
    const writer = this.#slots.get(condition.key)?.writer
    if (writer !== undefined) before.add(writer)
    collect(this.#going, condition.key, before)
  }

  #beforeWriting(write: Plan['then'][number], before: Set<Ticket>): void {
    if (write.kind === 'delete-range') {
      for (const [key, { readers }] of this.#slots)
        if (readers.size > 0 && inRange(write, key)) for (const reader of readers) before.add(reader)
      return
    }
    for (const reader of this.#slots.get(write.key)?.readers ?? []) before.add(reader)
    if (write.kind === 'put') collect(this.#quiet, write.key, before)
  }

  #slot(key: string): Slot {
    let slot = this.#slots.get(key)
    if (slot === undefined) this.#slots.set(key, (slot = { writer: undefined, putter: undefined, readers: new Set() }))
    return slot
  }

  #leave({ when, then }: Plan, ticket: Ticket): void {
    for (const condition of when) {
      if (condition.test === 'quiet') unspan(this.#quiet, condition, ticket)
      else this.#leaveSlot(condition.key, ticket)
    }
    for (const write of then) {
      if (write.kind === 'delete-range') unspan(this.#going, write, ticket)
      else this.#leaveSlot(write.key, ticket)
    }
    ticket.finish()
  }

  #leaveSlot(key: string, ticket: Ticket): void {
    const slot = this.#slots.get(key)
    if (slot === undefined) return
    slot.readers.delete(ticket)
    if (slot.writer === ticket) slot.writer = undefined
    if (slot.putter === ticket) slot.putter = undefined
    if (slot.writer === undefined && slot.putter === undefined && slot.readers.size === 0) this.#slots.delete(key)
  }
}

const nameOf = ({ from, to }: KeyRange): string => `${from}\n${to}`

function span(spans: Map<string, Span>, { from, to }: KeyRange): Span {
  const name = nameOf({ from, to })
  let found = spans.get(name)
  if (found === undefined) spans.set(name, (found = { range: { from, to }, tickets: new Set() }))
  return found
}

function unspan(spans: Map<string, Span>, range: KeyRange, ticket: Ticket): void {
  const found = spans.get(nameOf(range))
  found?.tickets.delete(ticket)
  if (found?.tickets.size === 0) spans.delete(nameOf(range))
}

function collect(spans: ReadonlyMap<string, Span>, key: string, into: Set<Ticket>): void {
  for (const { range, tickets } of spans.values())
    if (inRange(range, key)) for (const ticket of tickets) into.add(ticket)
}
