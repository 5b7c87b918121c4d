import { grouped } from '../common/grouped.js'
import { capped } from './read/capped.js'
import { diagnosticIn } from './read/content.js'
import type { Content } from './read/content.js'
import type { EntryLimits } from './complete/entries.js'
import { quote } from './read/finding.js'
import type { Environment } from './resolve/index.js'
import type { Choice } from './fallback/settle.js'
import type { TrackedFile } from './fallback/tracked-file.js'
import type { Diagnostic } from './types.js'

/** One configuration file after a load. */
export interface LoadedFile {
  readonly path: string
  /**
   * `applied`: what it holds now is what runs. `last-good`: something is wrong with it, and what it gave before runs
   * on. `refused`: something is wrong with it, and nothing of it runs.
   */
  readonly state: 'applied' | 'last-good' | 'refused'
  /** How many services and checks come from it, the checks of its services included. */
  readonly services: number
  readonly checks: number
  /** sha256 of its newest bytes, hex; '' when they could not be read. */
  readonly hash: string
  readonly diagnostics: readonly Diagnostic[]
}

/** Sums up what became of each file, and gathers all findings, each once, in the order of files and lines. */
export function reportFiles(
  choices: readonly Choice[],
  limits: EntryLimits,
  others: readonly Diagnostic[],
  kindOf: Environment['kindOf'],
): { reports: readonly LoadedFile[]; diagnostics: readonly Diagnostic[] } {
  const byFile = grouped(others, diagnostic => diagnostic.at?.file)
  const own = new Set<string | undefined>()
  const inFiles: Diagnostic[] = []
  const reports = choices.map(choice => {
    const { path } = choice.file
    const about = byFile.get(path)
    if (about !== undefined) own.add(path)
    const report = fileReport(choice, limits, about ?? nothing, kindOf)
    for (const diagnostic of report.diagnostics) inFiles.push(diagnostic)
    return report
  })
  const rest = others.filter(diagnostic => !own.has(diagnostic.at?.file))
  return { reports, diagnostics: [...once(rest), ...inFiles] }
}

const nothing: readonly Diagnostic[] = []

function fileReport(
  choice: Choice,
  limits: EntryLimits,
  others: readonly Diagnostic[],
  kindOf: Environment['kindOf'],
): LoadedFile {
  const { file, content } = choice
  const { candidate, newest, path, hash } = file
  const { entries } = file.contribution(newest, limits)
  const quiet = newest.diagnostics.length + entries.diagnostics.length + newest.named.length + others.length === 0
  if (quiet && content === candidate) return quietReport(file, candidate, limits)
  const missing = newest.named
    .filter(named => kindOf(named.file) === 'nothing')
    .map(({ path: key, file: named }) =>
      diagnosticIn(newest, {
        path: key,
        what: 'value',
        severity: 'warning',
        code: 'missing-file',
        message: `there is no file ${quote(named)}`,
        hint: 'paths are seen from the working directory of the agent',
      }),
    )
  const diagnostics = capped(path, once([...newest.diagnostics, ...entries.diagnostics, ...missing, ...others]))
  const wrong =
    content !== candidate
    || (newest.blank && content !== newest)
    || diagnostics.some(({ severity }) => severity === 'error')
  return {
    path,
    hash,
    diagnostics,
    state: content === undefined ? 'refused' : wrong ? 'last-good' : 'applied',
    ...counts(choice, limits),
  }
}

/** Reports of files that are as they should be, which are nearly all, made once for each content. */
const quietReports = new WeakMap<TrackedFile, { readonly content: Content; readonly report: LoadedFile }>()

function quietReport(file: TrackedFile, content: Content, limits: EntryLimits): LoadedFile {
  const known = quietReports.get(file)
  if (known?.content === content && known.report.hash === file.hash) return known.report
  const report: LoadedFile = {
    path: file.path,
    state: 'applied',
    hash: file.hash,
    diagnostics: nothing,
    ...counts({ file, content }, limits),
  }
  quietReports.set(file, { content, report })
  return report
}

function counts({ file, content }: Choice, limits: EntryLimits): { services: number; checks: number } {
  if (content === undefined) return { services: 0, checks: 0 }
  const { services, checks } = file.contribution(content, limits)
  return {
    services: services.length,
    checks: services.reduce((total, service) => total + service.checks.length, checks.length),
  }
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
