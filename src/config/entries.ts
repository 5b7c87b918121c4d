import type { WrittenConfig } from '../generated/types.js'
import { diagnosticIn } from './content.js'
import type { Content } from './content.js'
import { completeCheck, completeService } from './definition/index.js'
import type { Problem } from './definition/index.js'
import type { Finding } from './finding.js'
import { lazyOrigin } from './lazy-origin.js'
import type { Path } from './keys.js'
import type { DeclaredCheck, DeclaredService, DeclaredWatch, Diagnostic } from './types.js'
import { watchFindings } from './watch-findings.js'

/** What definitions depend on besides their own text. */
export interface EntryLimits { readonly checkOutputMaxSize: number }

/** Everything that one file declares, complete, and what is wrong with it on its own. */
export interface Entries {
  readonly ok: boolean
  readonly services: readonly { readonly declared: DeclaredService; readonly path: Path }[]
  readonly checks: readonly { readonly declared: DeclaredCheck; readonly path: Path }[]
  readonly watches: readonly DeclaredWatch[]
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Completes the declarations of a file. Entries that the schemas have something against are left out, since that was said
 * already; the others are judged all the same, so that one pass finds everything.
 */
export function entriesOf(content: Content, limits: EntryLimits): Entries {
  const { written } = content
  const findings: Finding[] = []
  const fits = (path: Path): boolean => content.ok || !content.findings.some(finding => finding.severity === 'error' && startsWith(finding.path, path))
  const collect = <Definition, Declared>(
    items: readonly (readonly [Path, unknown])[],
    complete: (item: never, limits: EntryLimits) => { definition: Definition | undefined; problems: readonly Problem[] },
    declare: (definition: Definition, path: Path) => Declared,
  ): { declared: Declared; path: Path }[] => items.flatMap(([path, item]) => {
    if (!fits(path)) return []
    const { definition, problems } = complete(item as never, limits)
    for (const problem of problems) findings.push(fromProblem(problem, path))
    return definition === undefined ? [] : [{ declared: declare(definition, path), path }]
  })
  const services = collect(listed(written, 'services', 'service'), completeService, (definition, path) => ({ definition, origin: lazyOrigin(content, path) }))
  const checks = collect(listed(written, 'checks', 'check'), completeCheck, (definition, path) => ({ definition, origin: lazyOrigin(content, path) }))
  const watches: DeclaredWatch[] = []
  for (const [path, watch] of listed(written, 'watches')) {
    if (!fits(path)) continue
    for (const finding of watchFindings(watch as NonNullable<WrittenConfig['watches']>[number], path)) findings.push(finding)
    watches.push({ written: watch as Readonly<Record<string, unknown>>, origin: lazyOrigin(content, path) })
  }
  const diagnostics = findings.map(finding => diagnosticIn(content, finding))
  return { ok: !findings.some(finding => finding.severity === 'error'), services, checks, watches, diagnostics }
}

/** The entries under a list key, and the one under its singular behind them, with their paths. */
function listed(written: WrittenConfig, many: 'services' | 'checks' | 'watches', one?: 'service' | 'check'): readonly (readonly [Path, unknown])[] {
  const list: unknown = written[many]
  const single = one === undefined ? undefined : written[one]
  if (list === undefined && single === undefined) return []
  return [
    ...Array.isArray(list) ? list.map((item, i) => [[many, i], item] as const) : [],
    ...one !== undefined && single !== undefined ? [[[one], single] as const] : [],
  ]
}

const fromProblem = ({ path, severity, code, message, hint }: Problem, holder: Path): Finding => ({
  path: [...holder, ...path], what: 'value', severity, code, message, ...hint === undefined ? {} : { hint },
})

const startsWith = (path: Path, start: Path): boolean => start.every((step, i) => path[i] === step)
