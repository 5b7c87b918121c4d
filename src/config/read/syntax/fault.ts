import { hiddenFindings, maxShown } from '../capped.js'
import type { Diagnostic, Origin } from '../../types.js'
import type { LineMap } from '../../../common/hcl/line-map.js'
import type { Fault } from '../../../common/hcl/fault.js'

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

/** A path as messages write it: `service.checks[0].interval`. */
export function dotted(path: readonly (string | number)[]): string {
  let text = ''
  for (const step of path) text += typeof step === 'number' ? `[${step}]` : text === '' ? step : `.${step}`
  return text
}
