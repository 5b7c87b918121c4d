import type { CharSet } from './chars.js'
import { compileProgram } from './program.js'
import type { Program } from './program.js'
import { beside, parseRegex } from './syntax.js'
import type { Beside } from './syntax.js'

/** Finds the first match in a text: the whole of it, then each group, '' for one that took no part. Undefined when there is none. */
export type Captures = (text: string) => readonly string[] | undefined

/** Where groups begin and end, the newest first. Ways that part share what they have in common. */
interface Saved { readonly slot: number; readonly at: number; readonly earlier: Saved | undefined }

/** A way of matching that has come to a step that waits for a character. */
interface Thread { readonly step: number; readonly saved: Saved | undefined }

interface Place { readonly at: number; readonly before: Beside; readonly after: Beside }

/**
 * Compiles an expression of RE2's syntax to one that tells what its groups matched. Of several matches it takes the leftmost, and of
 * those the one that Perl would find first, as Go does. Time is at most steps times characters, whatever the expression:
 * all ways are followed at once, in their order, and one that comes to a step where another already stands ends there.
 * @throws Error with the reason when the text is no expression, or too large a one.
 */
export function compileCaptures(text: string): Captures {
  const program = compileProgram(parseRegex(text), true)
  const groups = program.steps.reduce((most, step) => step.kind === 'save' ? Math.max(most, step.slot >> 1) : most, 0)
  return subject => {
    const saved = new Search(program).find(subject)
    return saved === undefined ? undefined : read(subject, saved, groups)
  }
}

class Search {
  readonly #program: Program
  readonly #visited: Int32Array
  #round = 0
  #matched: Saved | undefined

  constructor(program: Program) {
    this.#program = program
    this.#visited = new Int32Array(program.steps.length)
  }

  find(subject: string): Saved | undefined {
    const codePoints = Array.from(subject, char => char.codePointAt(0) ?? 0)
    const sideOf = (codePoint: number | undefined): Beside => codePoint === undefined ? 'edge' : beside(codePoint)
    let place: Place = { at: 0, before: 'edge', after: sideOf(codePoints[0]) }
    let waiting: (readonly [next: number, saved: Saved | undefined])[] = []
    for (let i = 0; i <= codePoints.length; i++) {
      const threads = this.#reach(waiting, place)
      const codePoint = codePoints[i]
      if (codePoint === undefined || (threads.length === 0 && this.#matched !== undefined)) break
      waiting = this.#step(threads, codePoint)
      place = { at: place.at + (codePoint > 0xffff ? 2 : 1), before: place.after, after: sideOf(codePoints[i + 1]) }
    }
    return this.#matched
  }

  #step(threads: readonly Thread[], codePoint: number): (readonly [number, Saved | undefined])[] {
    // Counted repetitions share one set among many steps; a large one is then looked at once.
    const verdicts = new Map<CharSet, boolean>()
    return threads.flatMap(({ step: index, saved }) => {
      const step = this.#program.steps[index]
      if (step?.kind !== 'char') return []
      let takes = verdicts.get(step.matches)
      if (takes === undefined) verdicts.set(step.matches, takes = step.matches(codePoint))
      return takes ? [[step.next, saved] as const] : []
    })
  }

  /** The steps that wait for the next character, best way first. A match ends all ways that are less preferred. */
  #reach(waiting: readonly (readonly [number, Saved | undefined])[], place: Place): readonly Thread[] {
    this.#round++
    const threads: Thread[] = []
    for (const [step, saved] of waiting) if (this.#follow(step, saved, place, threads)) return threads
    // Only while nothing has matched may a match begin here: the leftmost counts.
    if (this.#matched === undefined) this.#follow(this.#program.start, { slot: 0, at: place.at, earlier: undefined }, place, threads)
    return threads
  }

  /** Follows a way up to the steps that wait for a character; true when it came to the end, and what is less preferred counts no more. */
  #follow(first: number, given: Saved | undefined, place: Place, threads: Thread[]): boolean {
    const open: [number, Saved | undefined][] = [[first, given]]
    for (let way = open.pop(); way !== undefined; way = open.pop()) {
      const [index, saved] = way
      const step = this.#program.steps[index]
      if (step === undefined || this.#visited[index] === this.#round) continue
      this.#visited[index] = this.#round
      switch (step.kind) {
        case 'char': threads.push({ step: index, saved }); break
        case 'split': for (let i = step.ways.length - 1; i >= 0; i--) open.push([step.ways[i] ?? 0, saved]); break
        case 'save': open.push([step.next, { slot: step.slot, at: place.at, earlier: saved }]); break
        case 'assert': if (step.holds(place.before, place.after)) open.push([step.next, saved]); break
        case 'end':
          this.#matched = { slot: 1, at: place.at, earlier: saved }
          return true
      }
    }
    return false
  }
}

function read(subject: string, saved: Saved, groups: number): readonly string[] {
  const places = new Map<number, number>()
  for (let one: Saved | undefined = saved; one !== undefined; one = one.earlier) if (!places.has(one.slot)) places.set(one.slot, one.at)
  return Array.from({ length: groups + 1 }, (_, group) => {
    const [start, end] = [places.get(group * 2), places.get(group * 2 + 1)]
    return start === undefined || end === undefined ? '' : subject.slice(start, end)
  })
}
