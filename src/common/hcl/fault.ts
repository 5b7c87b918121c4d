/** One finding about a text, by offsets; a reader of files makes a diagnostic of it. */
export interface Fault {
  /** `syntax` when absent. */
  readonly code?: string
  readonly at: number
  readonly message: string
  readonly hint?: string | undefined
  /** Offset of the other place: an opening brace, the first of two equal keys. */
  readonly other?: number | undefined
  /** Dotted path of the key. */
  readonly key?: string
}

/** Ends a parse at its first fault; never leaves a reader. */
export class FaultError extends Error {
  readonly fault: Fault

  constructor(fault: Fault) {
    super(fault.message)
    this.fault = fault
  }
}

/**
 * Where a text that ends too early ends: behind its last letter, so that the line break an editor adds does not count.
 */
export const endOf = (text: string): number => text.trimEnd().length

/** How deep objects and lists may nest; real declarations stay below ten. */
export const depthLimit = 64

/** The refusal of what nests deeper than {@link depthLimit}. */
export const tooDeep = (at: number): Fault => ({
  code: 'too-deep',
  at,
  message: `objects and lists nest deeper than ${depthLimit} levels`,
  hint: 'check for a missing closing brace',
})

/** A piece of the text as messages quote it, cut to what fits on a line. */
export function quoted(piece: string): string {
  const line = piece.split(/[\r\n]/, 1)[0] ?? ''
  const text = line.length > 24 ? `${line.slice(0, 24)}…` : line
  return /["'`]/.test(text) ? text : `"${text}"`
}
