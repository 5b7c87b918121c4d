import { RE2JS } from 're2js'

/** A compiled regular expression. */
export interface Regex {
  /** Whether a text contains a match. */
  test(text: string): boolean
  /**
   * The whole of the first match, then what each group took, '' for one that took no part; undefined where nothing
   * matches.
   */
  captures(text: string): readonly string[] | undefined
  /**
   * The most work that matching a text of this length can be, in units of about a microsecond on a slow day; usually it
   * is a small part of that.
   */
  cost(length: number): number
}

/** Steps of a compiled expression: beyond, a single text of some thousand characters would hold up everything else. */
const maxSteps = 2000
/** Steps that one unit of work pays for, at each character. */
const stepsPerUnit = 32
/** Steps that an expression may seem to have before it is compiled: alternatives of single letters become one. */
const maxApparentSteps = 4 * maxSteps
/** Ranges of letters outside ASCII that are matched in any case: each takes milliseconds to compile. */
const maxFoldedRanges = 4

/**
 * Compiles an expression of RE2's syntax, which is the one of Go and so of Consul: no backreferences and no
 * look-around, and matching takes time in proportion to the length of the text, whatever the expression. JavaScript's
 * own engine goes back and tries again, which lets an expression such as `(a+)+$` run for years.
 * @throws Error in Go's words (`error parsing regexp: missing closing ): ...`) when the text is no expression, or that
 *   it is too large
 */
export function compileRegex(source: string): Regex {
  if (apparentSteps(source) > maxApparentSteps || foldedRanges(source) > maxFoldedRanges) throw tooLarge()
  const compiled = RE2JS.compile(source)
  const steps = compiled.programSize()
  if (steps > maxSteps) throw tooLarge()
  const perCharacter = Math.ceil(steps / stepsPerUnit)
  return {
    test: text => compiled.test(text),
    captures: text => {
      const matcher = compiled.matcher(text)
      return matcher.find()
        ? Array.from({ length: compiled.groupCount() + 1 }, (_, group) => matcher.group(group) ?? '')
        : undefined
    },
    cost: length => (length + 1) * perCharacter,
  }
}

const tooLarge = (): Error => new Error('error parsing regexp: expression is too large')

const token =
  /\\Q.*?(?:\\E|$)|\\[pP]\{[^}]*\}|\\x\{[^}]*\}|\\.|\[\^?\]?(?:\[:\^?\w*:\]|\\.|[^\]\\])*\]?|\{(\d+)(?:,(\d*))?\}|[()|]|[^]/gsu

/**
 * About how many steps an expression compiles to. It is looked at before that is done, since repetitions within
 * repetitions make a line of text into a million of them. What is no expression is left to the compiler to refuse.
 */
function apparentSteps(source: string): number {
  const outer: { readonly sum: number }[] = []
  let sum = 0
  let last = 0
  for (const [text, min, max] of source.matchAll(token)) {
    if (text === '(') {
      outer.push({ sum })
      sum = 0
      last = 0
    } else if (text === ')') {
      last = sum + 2
      sum = (outer.pop()?.sum ?? 0) + last
    } else if (min !== undefined) {
      const repeated = last * Math.max(1, Number(min), Number(max ?? 0))
      sum += repeated - last
      last = repeated
    } else {
      last = text.startsWith('\\Q') ? text.length : 1
      sum += last
    }
    if (sum > maxApparentSteps) return sum
  }
  return outer.reduce((all, group) => all + group.sum, sum)
}

const foldedRanges = (source: string): number =>
  /\(\?[A-Za-z]*i/.test(source) ? (source.match(/-(?:\\x\{|[^\0-\x7f])/g)?.length ?? 0) : 0
