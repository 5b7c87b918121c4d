import { combine } from '../combine/combine.js'
import type { Fault, Rules } from '../combine/combine.js'
import type { Content } from '../read/content.js'
import type { Contribution } from '../combine/contribution.js'
import type { EntryLimits } from '../complete/entries.js'
import { recombine } from '../combine/recombine.js'
import type { Combination } from '../combine/recombine.js'
import type { TrackedFile } from './tracked-file.js'

/** Which of a file's contents is taken; none when nothing of it was ever good. */
export interface Choice {
  readonly file: TrackedFile
  content: Content | undefined
}

/**
 * The newest content of each file that is right on its own, else what may stand in for it. Fills `choices`, those of an
 * earlier load that nobody needs any more: thousands of new ones with each load would stay behind until the next full
 * collection.
 */
export function firstChoices(files: readonly TrackedFile[], limits: EntryLimits, choices: Choice[]): Choice[] {
  choices.length = Math.min(choices.length, files.length)
  files.forEach((file, i) => {
    const content = file.usable(file.candidate, limits) ? file.candidate : usableFallback(file, limits)
    const known = choices[i]
    if (known?.file === file) known.content = content
    else choices[i] = { file, content }
  })
  return choices
}

/** Replaces the newest content of a file by its fallback. */
export function giveUp(choice: Choice, limits: EntryLimits): void {
  const { file, content } = choice
  const fallback = content === file.candidate ? usableFallback(file, limits) : undefined
  choice.content = fallback === file.candidate ? undefined : fallback
}

function usableFallback(file: TrackedFile, limits: EntryLimits): Content | undefined {
  const { fallback } = file
  return fallback !== undefined && file.usable(fallback, limits) ? fallback : undefined
}

/**
 * Finds out which contents get along. A file that is at fault beside the others steps back to its earlier content, then
 * out, until no fault is left; choices only ever step down, so this ends. What runs already stays: of two files with
 * one id the one that had it is not at fault, and neither scripts that have been switched off meanwhile nor a service
 * that went away take a whole running file out. `before` is the outcome of the last load.
 */
export function settle(
  choices: readonly Choice[],
  limits: EntryLimits,
  rules: Rules,
  before?: Combination,
): Combination & { readonly demoted: boolean } {
  const { scriptsAllowed } = rules
  for (let demoted = false; ; demoted = true) {
    const contributions: Contribution[] = []
    for (const { file, content } of choices)
      if (content !== undefined) contributions.push(file.contribution(content, limits))
    const combined = recombine(before, contributions, scriptsAllowed) ?? combine(contributions, rules)
    if (combined.faults.length === 0) return { ...combined, contributions, scriptsAllowed, demoted }
    const byFile = new Map(choices.map(choice => [choice.file.path, choice]))
    const faulty = new Set(combined.faults.flatMap(fault => mustStepBack(fault, byFile) ?? []))
    if (faulty.size === 0) return { ...combined, contributions, scriptsAllowed, demoted }
    for (const choice of faulty) giveUp(choice, limits)
  }
}

function mustStepBack(
  { contribution, kind, diagnostic }: Fault,
  choices: ReadonlyMap<string, Choice>,
): Choice | undefined {
  if (diagnostic.severity === 'warning') return undefined
  const choice = choices.get(contribution.file)
  const isRunning = choice?.content !== undefined && choice.content === choice.file.running
  return isRunning && kind !== 'duplicate' ? undefined : choice
}

/** Every fault between the newest contents, good and bad ones alike, so that one pass names them all. */
export const faultsBetween = (files: readonly TrackedFile[], limits: EntryLimits, rules: Rules): readonly Fault[] =>
  combine(
    files.map(file => file.contribution(file.candidate, limits)),
    rules,
  ).faults
