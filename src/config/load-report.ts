import { diagnosticIn } from './content.js'
import type { EntryLimits } from './entries.js'
import { quote } from './finding.js'
import type { Environment } from './resolve/index.js'
import type { Choice } from './settle.js'
import type { Diagnostic } from './types.js'

/** One configuration file after a load. */
export interface LoadedFile {
  readonly path: string
  /**
   * `applied`: what it holds now is what runs. `last-good`: something is wrong with it, and what it gave before runs on.
   * `refused`: something is wrong with it, and nothing of it runs.
   */
  readonly state: 'applied' | 'last-good' | 'refused'
  /** How many services and checks of the node come from it. */
  readonly services: number
  readonly checks: number
  /** sha256 of its newest bytes, hex; '' when they could not be read. */
  readonly hash: string
  readonly diagnostics: readonly Diagnostic[]
}

/** Sums up what became of each file, and gathers all findings, each once, in the order of files and lines. */
export function reportFiles(choices: readonly Choice[], limits: EntryLimits, others: readonly Diagnostic[], kindOf: Environment['kindOf']):
{ reports: readonly LoadedFile[]; diagnostics: readonly Diagnostic[] } {
  const byFile = new Map<string | undefined, Diagnostic[]>()
  for (const diagnostic of others) {
    const file = diagnostic.at?.file
    const list = byFile.get(file)
    if (list === undefined) byFile.set(file, [diagnostic])
    else list.push(diagnostic)
  }
  const own = new Set<string | undefined>()
  const inFiles: Diagnostic[] = []
  const reports = choices.map((choice): LoadedFile => {
    const { file, content } = choice
    const report = reportFile(choice, limits, byFile.get(file.path), kindOf)
    own.add(file.path)
    for (const diagnostic of report.diagnostics) inFiles.push(diagnostic)
    const entries = content === undefined ? undefined : file.entries(content, limits)
    return { ...report, path: file.path, hash: file.hash, services: entries?.services.length ?? 0, checks: entries?.checks.length ?? 0 }
  })
  const rest = others.filter(diagnostic => !own.has(diagnostic.at?.file))
  return { reports, diagnostics: [...once(rest), ...inFiles] }
}

const nothing: readonly Diagnostic[] = []

function reportFile({ file, content }: Choice, limits: EntryLimits, others: readonly Diagnostic[] = nothing, kindOf: Environment['kindOf']): Pick<LoadedFile, 'state' | 'diagnostics'> {
  const { candidate } = file
  const entries = file.entries(candidate, limits)
  const count = candidate.diagnostics.length + entries.diagnostics.length + candidate.named.length + others.length
  if (count === 0) return { state: content === undefined ? 'refused' : content === candidate ? 'applied' : 'last-good', diagnostics: nothing }
  const missing = candidate.named.filter(named => kindOf(named.file) === 'nothing').map(({ path, file: named }) => diagnosticIn(candidate, {
    path, what: 'value', severity: 'warning', code: 'missing-file', message: `there is no file ${quote(named)}`, hint: 'paths are seen from the working directory of the agent',
  }))
  const diagnostics = once([...candidate.diagnostics, ...entries.diagnostics, ...missing, ...others]).sort(byPlace)
  const wrong = diagnostics.some(({ severity }) => severity === 'error')
  return { state: content === undefined ? 'refused' : wrong || content !== candidate ? 'last-good' : 'applied', diagnostics }
}

/** The same finding comes from the judgement of what runs and of what is written. */
function once(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Set<string>()
  return diagnostics.filter(({ code, at, message }) => {
    const identity = `${code}\0${at?.file ?? ''}\0${at?.line ?? 0}\0${at?.column ?? 0}\0${message}`
    if (seen.has(identity)) return false
    seen.add(identity)
    return true
  })
}

const byPlace = (a: Diagnostic, b: Diagnostic): number =>
  (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0)
