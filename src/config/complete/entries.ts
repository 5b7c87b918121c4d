import type { WrittenConfig } from '../../generated/types.js'
import { firstOf, hiddenFindings } from '../read/capped.js'
import { diagnosticIn } from '../read/content.js'
import type { Content } from '../read/content.js'
import { completeCheck, completeService } from './index.js'
import type { Problem, WrittenCheck, WrittenService } from './index.js'
import type { Finding } from '../read/finding.js'
import { partOf } from '../read/keys.js'
import type { Path } from '../read/keys.js'
import { listedEntries } from '../read/listed-entries.js'
import type { DeclaredCheck, DeclaredService, DeclaredWatch, Diagnostic } from '../types.js'
import { watchFindings } from './watch-findings.js'

/** What definitions depend on besides their own text. */
export interface EntryLimits {
  readonly checkOutputMaxSize: number
}

/** Everything that one file declares, complete, and what is wrong with it on its own. */
export interface Entries {
  readonly ok: boolean
  readonly services: readonly { readonly declared: DeclaredService; readonly path: Path }[]
  readonly checks: readonly { readonly declared: DeclaredCheck; readonly path: Path }[]
  readonly watches: readonly DeclaredWatch[]
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Completes the declarations of a file. Entries that the schemas have something against are left out, since that was
 * said already; the others are judged all the same, so that one pass finds everything.
 */
export function entriesOf(content: Content, limits: EntryLimits): Entries {
  const { written, origins } = content
  const findings: Finding[] = []
  const services: Entries['services'][number][] = []
  const checks: Entries['checks'][number][] = []
  const watches: DeclaredWatch[] = []
  listedEntries(written).forEach(({ kind, path, item }, i) => {
    const origin = origins[i] ?? content.place(path)
    if (content.faulty.has(partOf(path))) return
    if (kind === 'watch') {
      for (const finding of watchFindings(item as NonNullable<WrittenConfig['watches']>[number], path))
        findings.push(finding)
      watches.push({ written: item as Readonly<Record<string, unknown>>, origin })
    } else if (kind === 'service') {
      const { definition, problems } = completeService(item as WrittenService, limits)
      for (const problem of problems) findings.push(fromProblem(problem, path))
      if (definition !== undefined) services.push({ declared: { definition, origin }, path })
    } else {
      const { definition, problems } = completeCheck(item as WrittenCheck, limits)
      for (const problem of problems) findings.push(fromProblem(problem, path))
      if (definition !== undefined) checks.push({ declared: { definition, origin }, path })
    }
  })
  const { shown, hidden } = firstOf(findings)
  const diagnostics = [...shown.map(finding => diagnosticIn(content, finding)), ...hiddenFindings(content.file, hidden)]
  return { ok: !findings.some(finding => finding.severity === 'error'), services, checks, watches, diagnostics }
}

const fromProblem = ({ path, severity, code, message, hint }: Problem, holder: Path): Finding => ({
  path: [...holder, ...path],
  what: 'value',
  severity,
  code,
  message,
  ...(hint === undefined ? {} : { hint }),
})
