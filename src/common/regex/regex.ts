import type { CharSet } from './chars.js'
import { compileProgram } from './program.js'
import type { Program } from './program.js'
import { beside, parseRegex } from './syntax.js'
import type { Beside } from './syntax.js'

/** States and transitions remembered before the memory starts afresh. */
const mostRemembered = 5000

/** Where matching can stand: the steps that wait for the next character, and what the last one was. */
interface State {
  readonly steps: readonly number[]
  readonly before: Beside
  readonly next: Map<number, State | 'matched'>
}

/** Tells whether a text contains a match, and pays for the work done through `spend`. */
export type Regex = (text: string, spend: (work: number) => void) => boolean

/**
 * Compiles an expression of RE2's syntax to one that takes time in proportion to the length of the text: all ways to match are
 * followed at once, and each set of ways that came up is remembered with where each character leads from it. JavaScript's
 * own engine goes back and tries again, which lets an expression such as `(a+)+$` run for years.
 * @throws Error with the reason when the text is no expression, or too large a one.
 */
export function compileRegex(text: string): Regex {
  const matcher = new Matcher(compileProgram(parseRegex(text), false))
  return (subject, spend) => matcher.test(subject, spend)
}

class Matcher {
  readonly #program: Program
  readonly #states = new Map<string, State>()
  #remembered = 0
  /** Which look-around a step was last visited in, so that visiting needs no set of its own. */
  readonly #visited: Int32Array
  #round = 0

  constructor(program: Program) {
    this.#program = program
    this.#visited = new Int32Array(program.steps.length)
  }

  test(text: string, spend: (work: number) => void): boolean {
    let state = this.#state([], 'edge')
    for (const char of text) {
      const codePoint = char.codePointAt(0) ?? 0
      let next = state.next.get(codePoint)
      if (next === undefined) next = this.#advance(state, codePoint, spend)
      else spend(1)
      if (next === 'matched') return true
      state = next
    }
    return this.#reach(state, 'edge', spend) === 'matched'
  }

  #advance(state: State, codePoint: number, spend: (work: number) => void): State | 'matched' {
    const reached = this.#reach(state, beside(codePoint), spend)
    const next = reached === 'matched' ? reached : this.#state(this.#take(reached, codePoint), beside(codePoint))
    if (++this.#remembered > mostRemembered) {
      this.#remembered = 0
      this.#states.clear()
    } else {
      state.next.set(codePoint, next)
    }
    return next
  }

  /** The steps that follow those of `reached` which take the character. */
  #take(reached: readonly number[], codePoint: number): number[] {
    // Counted repetitions share one set among many steps; a large one is then looked at once.
    const verdicts = new Map<CharSet, boolean>()
    const followers: number[] = []
    for (const index of reached) {
      const step = this.#program.steps[index]
      if (step?.kind !== 'char') continue
      let takes = verdicts.get(step.matches)
      if (takes === undefined) {
        takes = step.matches(codePoint)
        verdicts.set(step.matches, takes)
      }
      if (takes) followers.push(step.next)
    }
    return followers
  }

  /** The steps that a character can be tried on, given what stands before and after; a match may begin at every place. */
  #reach(state: State, after: Beside, spend: (work: number) => void): readonly number[] | 'matched' {
    const round = ++this.#round
    const found: number[] = []
    const open = [...state.steps, this.#program.start]
    let work = 1
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (this.#visited[index] === round) continue
      this.#visited[index] = round
      work++
      const step = this.#program.steps[index]
      if (step === undefined) continue
      if (step.kind === 'end') {
        spend(work)
        return 'matched'
      }
      if (step.kind === 'char') found.push(index)
      else if (step.kind === 'split') open.push(...step.ways)
      else if (step.kind === 'save') open.push(step.next)
      else if (step.holds(state.before, after)) open.push(step.next)
    }
    spend(work)
    return found
  }

  #state(steps: readonly number[], before: Beside): State {
    const sorted = [...new Set(steps)].sort((a, b) => a - b)
    const name = `${before} ${sorted.join(' ')}`
    let state = this.#states.get(name)
    if (state === undefined) {
      state = { steps: sorted, before, next: new Map() }
      this.#states.set(name, state)
    }
    return state
  }
}
