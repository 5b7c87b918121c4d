import type { Beside, RegexNode } from './syntax.js'
import type { CharSet } from './chars.js'

/** Steps of a compiled expression; with it the cost of a character is bounded, whatever the expression. */
const mostSteps = 2000
/** What counted repetitions of nothing may cost to compile, as they add no step. */
const mostVisits = 10_000

/** One step of a compiled expression. `ways` are in the order in which they are preferred; `slot` is 2N where group N begins, 2N+1 where it ends. */
export type Step =
  | { readonly kind: 'char'; readonly matches: CharSet; readonly next: number }
  | { readonly kind: 'assert'; readonly holds: (before: Beside, after: Beside) => boolean; readonly next: number }
  | { readonly kind: 'save'; readonly slot: number; readonly next: number }
  | { readonly kind: 'split'; readonly ways: readonly number[] }
  | { readonly kind: 'end' }

/** A compiled expression: its steps, and where they begin. */
export interface Program { readonly steps: readonly Step[]; readonly start: number }

/** Compiles an expression, with steps that note where its groups are if `captures`. @throws Error when it is too large */
export const compileProgram = (node: RegexNode, captures: boolean): Program => new Compiler(captures).compile(node)

class Compiler {
  readonly #steps: Step[] = [{ kind: 'end' }]
  readonly #captures: boolean
  #visits = 0

  constructor(captures: boolean) { this.#captures = captures }

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
      case 'repeat': return this.#repeat(node, next)
      case 'group': return this.#group(node.number, node.of, next)
    }
  }

  #repeat({ of, least, most, lazy }: Extract<RegexNode, { kind: 'repeat' }>, next: number): number {
    const inOrder = (again: number): readonly number[] => lazy ? [next, again] : [again, next]
    let first = next
    if (most === Infinity) {
      const ways: number[] = []
      first = this.#add({ kind: 'split', ways })
      ways.push(...inOrder(this.#emit(of, first)))
    } else {
      for (let i = least; i < most; i++) first = this.#add({ kind: 'split', ways: inOrder(this.#emit(of, first)) })
    }
    for (let i = 0; i < least; i++) first = this.#emit(of, first)
    return first
  }

  #group(number: number, of: RegexNode, next: number): number {
    if (!this.#captures) return this.#emit(of, next)
    const end = this.#add({ kind: 'save', slot: number * 2 + 1, next })
    return this.#add({ kind: 'save', slot: number * 2, next: this.#emit(of, end) })
  }

  #add(step: Step): number {
    if (this.#steps.length >= mostSteps) throw new Error('expression is too large')
    return this.#steps.push(step) - 1
  }
}
