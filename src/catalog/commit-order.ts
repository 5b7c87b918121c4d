import type { Transaction } from '../store/index.js'

/** A write on its way: others that depend on its keys wait for it. */
class Ticket {
  #finished = false
  #waiting: (() => void)[] = []

  finished(): Promise<void> {
    return this.#finished ? Promise.resolve() : new Promise(resolve => { this.#waiting.push(resolve) })
  }

  finish(): void {
    this.#finished = true
    for (const resolve of this.#waiting) resolve()
    this.#waiting = []
  }
}

interface Slot {
  writer: Ticket | undefined
  readonly readers: Set<Ticket>
}

/** A place in the order of commits. */
export interface Place {
  /** Resolves when all that this write depends on has been decided; undefined when there is nothing to wait for. */
  readonly turn: Promise<unknown> | undefined
  leave(): void
}

/**
 * Keeps writes of one process that depend on each other apart: one that read (has a condition on) a key which another is about to
 * write, or writes a key which another has read, waits for it and is planned again, in order of arrival. So a hundred writers of one key
 * succeed one after the other instead of failing each other's conditions. Writes that only share what they read, or that only
 * overwrite each other, travel together. Between processes the store's conditions decide.
 */
export class CommitOrder {
  readonly #slots = new Map<string, Slot>()

  enter(transaction: Transaction): Place {
    const before = new Set<Ticket>()
    for (const { key } of transaction.when) {
      const writer = this.#slots.get(key)?.writer
      if (writer !== undefined) before.add(writer)
    }
    for (const { key } of transaction.then) for (const reader of this.#slots.get(key)?.readers ?? []) before.add(reader)
    const ticket = new Ticket()
    for (const { key } of transaction.when) this.#slot(key).readers.add(ticket)
    for (const { key } of transaction.then) this.#slot(key).writer = ticket
    return {
      turn: before.size === 0 ? undefined : Promise.all([...before].map(other => other.finished())),
      leave: () => { this.#leave(transaction, ticket) },
    }
  }

  #slot(key: string): Slot {
    let slot = this.#slots.get(key)
    if (slot === undefined) this.#slots.set(key, slot = { writer: undefined, readers: new Set() })
    return slot
  }

  #leave(transaction: Transaction, ticket: Ticket): void {
    for (const { key } of [...transaction.when, ...transaction.then]) {
      const slot = this.#slots.get(key)
      if (slot === undefined) continue
      slot.readers.delete(ticket)
      if (slot.writer === ticket) slot.writer = undefined
      if (slot.writer === undefined && slot.readers.size === 0) this.#slots.delete(key)
    }
    ticket.finish()
  }
}
