import { hiddenFindings, maxShown } from '../capped.js'
import type { Diagnostic, Origin } from '../../types.js'
import type { LineMap } from './line-map.js'

/** One finding about a text, by offsets; {@link diagnose} makes it a {@link Diagnostic}. */
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

/** Ends a parse at its first fault; never leaves this folder. */
export class FaultError extends Error {
  readonly fault: Fault

  constructor(fault: Fault) {
    super(fault.message)
    this.fault = fault
  }
}

/** The fault as an error of `file`. */
export function diagnose(file: string, lines: LineMap, fault: Fault): Diagnostic {
  return {
    severity: 'error',
    code: fault.code ?? 'syntax',
    at: origin(file, lines, fault.at),
    ...(fault.key === undefined ? {} : { key: fault.key }),
    message: fault.message,
    ...(fault.hint === undefined ? {} : { hint: fault.hint }),
    ...(fault.other === undefined ? {} : { other: origin(file, lines, fault.other) }),
  }
}

/** The first of many faults as errors of `file`, and one that counts the others. */
export const diagnoseAll = (file: string, lines: LineMap, faults: readonly Fault[]): readonly Diagnostic[] => [
  ...faults.slice(0, maxShown).map(fault => diagnose(file, lines, fault)),
  ...hiddenFindings(file, { errors: Math.max(faults.length - maxShown, 0), warnings: 0 }),
]

/** An offset as a place in `file`. */
export const origin = (file: string, lines: LineMap, at: number): Origin => ({ file, ...lines.place(at) })

/** A key that stands twice in one object; `at` is the second. */
export function duplicateKey(
  lines: LineMap,
  path: readonly (string | number)[],
  first: number,
  at: number,
  hint?: string,
): Fault {
  const name = String(path.at(-1))
  return {
    code: 'duplicate-key',
    at,
    other: first,
    key: dotted(path),
    message: `"${name}" is written twice: at ${lines.label(first)} and at ${lines.label(at)}`,
    hint: hint ?? 'keep one of them',
  }
}

/** The one key that is refused everywhere: as a property of an object it would stand for its prototype. */
export const protoKey = '__proto__'

/** The refusal of {@link protoKey}. */
export const protoFault = (path: readonly (string | number)[], at: number): Fault => ({
  code: 'unknown-key',
  at,
  key: dotted(path),
  message: `"${protoKey}" is not a key`,
  hint: 'remove it',
})

/**
 * Where a text that ends too early ends: behind its last letter, so that the line break an editor adds does not count.
 */
export const endOf = (text: string): number => text.trimEnd().length

/** A path as messages write it: `service.checks[0].interval`. */
export function dotted(path: readonly (string | number)[]): string {
  let text = ''
  for (const step of path) text += typeof step === 'number' ? `[${step}]` : text === '' ? step : `.${step}`
  return text
}

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
