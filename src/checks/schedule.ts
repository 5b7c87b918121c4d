import type { Clock, Timer } from '../common/clock.js'

/** Something with a time to wake. `due` and `place` belong to the {@link Schedule} it is in; `place` begins as -1. */
export interface Scheduled {
  due: number
  place: number
}

/**
 * Wakes items at their times (milliseconds of the monotonic clock) with one timer for all of them: a binary heap,
 * so that thousands of checks cost neither a timer nor a closure each.
 */
export class Schedule<Item extends Scheduled> {
  readonly #clock: Clock
  readonly #wake: (item: Item) => void
  readonly #heap: Item[] = []
  #timer: Timer | undefined
  #armedFor = Number.POSITIVE_INFINITY
  #waking = false

  constructor(clock: Clock, wake: (item: Item) => void) {
    this.#clock = clock
    this.#wake = wake
  }

  get size(): number {
    return this.#heap.length
  }

  /** Puts an item in, or moves it. It is woken once, then it is out. */
  set(item: Item, due: number): void {
    item.due = due
    if (item.place < 0) {
      item.place = this.#heap.length
      this.#heap.push(item)
    }
    this.#settle(item)
    this.#arm()
  }

  /** Takes an item out; does nothing when it is not in. */
  remove(item: Item): void {
    if (item.place < 0) return
    const last = this.#heap.pop()
    if (last !== undefined && last !== item) {
      last.place = item.place
      this.#heap[last.place] = last
      this.#settle(last)
    }
    item.place = -1
    this.#arm()
  }

  close(): void {
    for (const item of this.#heap) item.place = -1
    this.#heap.length = 0
    this.#arm()
  }

  #fire(): void {
    this.#timer = undefined
    this.#armedFor = Number.POSITIVE_INFINITY
    this.#waking = true
    const now = this.#clock.monotonic()
    // Only what was due at this moment: an item that is set to "now" while it wakes waits for the next round.
    const due: Item[] = []
    for (let first = this.#heap[0]; first !== undefined && first.due <= now; first = this.#heap[0]) {
      this.remove(first)
      due.push(first)
    }
    for (const item of due) if (item.place < 0) this.#wake(item)
    this.#waking = false
    this.#arm()
  }

  #arm(): void {
    if (this.#waking) return
    const due = this.#heap[0]?.due ?? Number.POSITIVE_INFINITY
    if (due === this.#armedFor) return
    this.#timer?.cancel()
    this.#armedFor = due
    this.#timer =
      due === Number.POSITIVE_INFINITY
        ? undefined
        : this.#clock.after(Math.max(0, Math.ceil(due - this.#clock.monotonic())), () => {
            this.#fire()
          })
  }

  /** Moves an item up or down to where its time belongs. */
  #settle(item: Item): void {
    const heap = this.#heap
    while (item.place > 0) {
      const parent = heap[(item.place - 1) >> 1]
      if (parent === undefined || parent.due <= item.due) break
      this.#swap(item, parent)
    }
    for (;;) {
      const left = heap[2 * item.place + 1]
      const right = heap[2 * item.place + 2]
      const earliest = right !== undefined && left !== undefined && right.due < left.due ? right : left
      if (earliest === undefined || earliest.due >= item.due) return
      this.#swap(item, earliest)
    }
  }

  #swap(a: Item, b: Item): void {
    const { place } = a
    a.place = b.place
    b.place = place
    this.#heap[a.place] = a
    this.#heap[b.place] = b
  }
}
