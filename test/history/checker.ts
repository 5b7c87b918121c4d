import { emptyRegister, step, type Input, type Output, type Register } from './register.js'

/**
 * One operation of a history: when its client called and when it had the answer, in ms of one clock. Without `returned`
 * and `output` its outcome is unknown: it may have happened at any time after the call, or never.
 */
export interface Operation {
  readonly client: string
  readonly key: string
  readonly called: number
  readonly returned?: number
  readonly input: Input
  readonly output?: Output
}

/** `undecided`: no order was found within the allowed number of steps. */
export type Verdict =
  | { readonly verdict: 'linearizable' }
  | { readonly verdict: 'not-linearizable' | 'undecided'; readonly key: string; readonly why: string }

/**
 * How many steps the search for one key may take. A history with a handful of clients needs about one for each
 * operation.
 */
const timeoutMs = 2_000_000

/**
 * Whether there is one order of all operations that keeps real time (what had returned before another was called comes
 * before it) and in which every client was told the truth. Keys are independent of each other, so each is searched
 * alone: Wing and Gong's search with Lowe's memory of what was tried, operations of unknown outcome last.
 */
export function check(history: readonly Operation[]): Verdict {
  const byKey = new Map<string, Operation[]>()
  for (const operation of history) {
    const list = byKey.get(operation.key)
    if (list === undefined) byKey.set(operation.key, [operation])
    else list.push(operation)
  }
  for (const [key, operations] of byKey) {
    const indexes = shownIndexes(operations)
    if (typeof indexes === 'string') return { verdict: 'not-linearizable', key, why: indexes }
    const found = new Search(operations, indexes).run()
    if (found !== undefined) return { ...found, key }
  }
  return { verdict: 'linearizable' }
}

/** ModifyIndex by version, as reads showed them; or what is wrong with them. */
function shownIndexes(operations: readonly Operation[]): ReadonlyMap<string, number> | string {
  const indexes = new Map<string, number>()
  const owners = new Map<number, string>()
  for (const { output } of operations) {
    const shown = output !== undefined && 'read' in output ? output.read : undefined
    if (shown === undefined) continue
    const before = indexes.get(shown.value)
    if (before !== undefined && before !== shown.index)
      return `${shown.value} was written twice: it has the indexes ${before} and ${shown.index}`
    const owner = owners.get(shown.index)
    if (owner !== undefined && owner !== shown.value)
      return `index ${shown.index} was given to ${owner} and to ${shown.value}`
    indexes.set(shown.value, shown.index)
    owners.set(shown.index, shown.value)
  }
  return indexes
}

/** The index that a read was shown; Infinity for what showed none. */
function shownIndex({ output }: Operation): number {
  return output !== undefined && 'read' in output ? (output.read?.index ?? Infinity) : Infinity
}

/** A point of the search: which operations have happened, and what the key holds after them. */
interface Point {
  readonly state: Register
  /** All known operations before this one (in order of their calls) have happened, it has not. */
  readonly first: number
  /** Known operations after `first` that have happened, ascending. */
  readonly ahead: readonly number[]
  /** Operations of unknown outcome that have happened, ascending. */
  readonly guessed: readonly number[]
  readonly candidates: readonly number[]
  next: number
}

class Search {
  readonly #indexes: ReadonlyMap<string, number>
  readonly #known: readonly Operation[]
  readonly #unknown: readonly Operation[]
  /** What was tried: by what had happened and what the key held, the guesses it took. */
  readonly #tried = new Map<string, (readonly number[])[]>()
  /** The lowest index that the known operations from each one on were shown. */
  readonly #lowest: readonly number[]
  #deepest: Point | undefined

  constructor(operations: readonly Operation[], indexes: ReadonlyMap<string, number>) {
    this.#indexes = indexes

    const byCall = [...operations].sort((a, b) => a.called - b.called)
    this.#known = byCall.filter(operation => operation.output !== undefined)
    // What only asked has no part in what others saw.
    this.#unknown = byCall.filter(operation => operation.output === undefined && operation.input.kind !== 'get')
    const lowest = this.#known.map(shownIndex)
    for (let i = lowest.length - 2; i >= 0; i--) lowest[i] = Math.min(lowest[i] ?? Infinity, lowest[i + 1] ?? Infinity)
    this.#lowest = lowest
  }

  /** Undefined when an order was found. */
  run(): { verdict: 'not-linearizable' | 'undecided'; why: string } | undefined {
    const stack = [this.#point(emptyRegister, 0, [], [])]
    for (let steps = 0; ; steps++) {
      const point = stack.at(-1)
      if (point === undefined) return { verdict: 'not-linearizable', why: this.#explain() }
      if (point.first === this.#known.length) return undefined
      if (steps > timeoutMs)
        return { verdict: 'undecided', why: `no order was found in ${timeoutMs} steps; ${this.#explain()}` }
      const next = this.#after(point)
      if (next === undefined) stack.pop()
      else stack.push(next)
    }
  }

  /** The next untried point after this one. */
  #after(point: Point): Point | undefined {
    for (
      let candidate = point.candidates[point.next];
      candidate !== undefined;
      candidate = point.candidates[point.next]
    ) {
      point.next++
      const guess = candidate - this.#known.length
      const operation = guess < 0 ? this.#known[candidate] : this.#unknown[guess]
      if (operation === undefined) continue
      const state = step(point.state, operation.input, operation.output, this.#indexes)
      // To guess that something happened and changed nothing is no guess at all.
      if (state === undefined || (guess >= 0 && state === point.state)) continue
      const reached =
        guess < 0
          ? this.#point(state, ...this.#advance(point, candidate), point.guessed)
          : this.#point(
              state,
              point.first,
              point.ahead,
              [...point.guessed, guess].sort((a, b) => a - b),
            )
      if (this.#passed(reached) || !this.#isNew(reached)) continue
      if (this.#deepest === undefined || reached.first > this.#deepest.first) this.#deepest = reached
      return reached
    }
    return undefined
  }

  /** Whether a version is still to be read that can never be there again. */
  #passed({ state, first, ahead }: Point): boolean {
    const now = state.value === undefined ? undefined : this.#indexes.get(state.value)
    const gone = (index: number): boolean => index < state.floor || (index === state.floor && index !== now)
    const done = new Set(ahead)
    const beyond = (ahead.at(-1) ?? first - 1) + 1
    for (let i = first; i < beyond; i++) {
      const operation = this.#known[i]
      if (operation !== undefined && !done.has(i) && gone(shownIndex(operation))) return true
    }
    return gone(this.#lowest[beyond] ?? Infinity)
  }

  /**
   * Versions that nobody reads are all alike, and who reached a point with fewer guesses can do all that one with more
   * can.
   */
  #isNew({ state, first, ahead, guessed }: Point): boolean {
    const value = state.value === undefined ? '-' : (this.#indexes.get(state.value) ?? '?')
    const name = `${first};${ahead.join()};${value};${state.session ?? ''};${state.floor}`
    const before = this.#tried.get(name)
    if (before === undefined) this.#tried.set(name, [guessed])
    else if (before.some(fewer => fewer.every(guess => guessed.includes(guess)))) return false
    else before.push(guessed)
    return true
  }

  #advance({ first, ahead }: Point, candidate: number): [number, readonly number[]] {
    if (candidate !== first) return [first, [...ahead, candidate].sort((a, b) => a - b)]
    let next = first + 1
    let passed = 0
    while (ahead[passed] === next) {
      next++
      passed++
    }
    return [next, ahead.slice(passed)]
  }

  /** Whatever was called before the earliest answer that is still open may come next. */
  #point(state: Register, first: number, ahead: readonly number[], guessed: readonly number[]): Point {
    const candidates: number[] = []
    const done = new Set(ahead)
    let earliest = Infinity
    for (let i = first; i < this.#known.length; i++) {
      const operation = this.#known[i]
      if (operation === undefined || operation.called > earliest) break
      if (done.has(i)) continue
      candidates.push(i)
      earliest = Math.min(earliest, operation.returned ?? Infinity)
    }
    const taken = new Set(guessed)
    for (let i = 0; i < this.#unknown.length; i++) {
      const operation = this.#unknown[i]
      if (operation === undefined || operation.called > earliest) break
      if (!taken.has(i)) candidates.push(this.#known.length + i)
    }
    return { state, first, ahead, guessed, candidates, next: 0 }
  }

  #explain(): string {
    const point = this.#deepest ?? this.#point(emptyRegister, 0, [], [])
    const open = point.candidates
      .filter(candidate => candidate < this.#known.length)
      .map(candidate => this.#known[candidate])
    return (
      `after ${point.first} of ${this.#known.length} operations in order the key holds ${JSON.stringify(point.state)}, and none of these can come next: `
      + open.map(operation => JSON.stringify(operation)).join('\n  ')
    )
  }
}
