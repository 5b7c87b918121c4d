import { isWord } from './regex-chars.js'
import type { CharSet } from './regex-chars.js'
import { parseRegex } from './regex-syntax.js'
import type { Beside, RegexNode } from './regex-syntax.js'

/** Steps of a compiled expression; with it the cost of a character is bounded, whatever the expression. */
const mostSteps = 2000
/** What counted repetitions of nothing may cost to compile, as they add no step. */
const mostVisits = 10_000
/** States and transitions remembered before the memory starts afresh. */
const mostRemembered = 5000

type Step =
  | { readonly kind: 'char'; readonly matches: CharSet; readonly next: number }
  | { readonly kind: 'assert'; readonly holds: (before: Beside, after: Beside) => boolean; readonly next: number }
  | { readonly kind: 'split'; readonly ways: readonly number[] }
  | { readonly kind: 'end' }

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
  const matcher = new Matcher(new Compiler().compile(parseRegex(text)))
  return (subject, spend) => matcher.test(subject, spend)
}

interface Program { readonly steps: readonly Step[]; readonly start: number }

class Compiler {
  readonly #steps: Step[] = [{ kind: 'end' }]
  #visits = 0

  compile(node: RegexNode): Program {
    const start = this.#emit(node, 0)
    return { steps: this.#steps, start }
  }

  /** Adds the steps of a node that lead to `next`; gives the first of them. */
  #emit(node: RegexNode, next: number): number {
    if (++this.#visits > mostVisits) throw new Error('expression is too large')
    switch (node.kind) {
      case 'char': return this.#add({ kind: 'char', matches: node.matches, next })
      case 'assert': return this.#add({ kind: 'assert', holds: node.holds, next })
      case 'sequence': return node.parts.reduceRight((after, part) => this.#emit(part, after), next)
      case 'choice': return this.#add({ kind: 'split', ways: node.branches.map(branch => this.#emit(branch, next)) })
      case 'repeat': return this.#repeat(node.of, node.least, node.most, next)
    }
  }

  #repeat(of: RegexNode, least: number, most: number, next: number): number {
    let first = next
    if (most === Infinity) {
      const ways = [next]
      first = this.#add({ kind: 'split', ways })
      ways.push(this.#emit(of, first))
    } else {
      for (let i = least; i < most; i++) first = this.#add({ kind: 'split', ways: [this.#emit(of, first), next] })
    }
    for (let i = 0; i < least; i++) first = this.#emit(of, first)
    return first
  }

  #add(step: Step): number {
    if (this.#steps.length >= mostSteps) throw new Error('expression is too large')
    return this.#steps.push(step) - 1
  }
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

const beside = (codePoint: number): Beside => codePoint === 0x0a ? 'newline' : isWord(codePoint) ? 'word' : 'other'
