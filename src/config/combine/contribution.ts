import { startsProgram } from '../../check-kinds/index.js'
import type { Content } from '../read/content.js'
import type { Entries } from '../complete/entries.js'
import type { Path } from '../read/keys.js'
import type { DeclaredCheck, DeclaredService } from '../types.js'

/** One id that a file lays claim to, and where. */
export interface Claim {
  readonly contribution: Contribution
  readonly id: string
  readonly path: Path
  /** The service that a check stands in; '' for services themselves and checks outside of them. */
  readonly serviceId: string
  /** It runs a program on this machine. */
  readonly script: boolean
  /** The file does not say it any more and it is only kept for a moment, so another claim to the id wins at once. */
  readonly held?: boolean
}

/** What one content of a file puts in, made once and kept while the file stays as it is. */
export interface Contribution {
  readonly file: string
  readonly content: Content
  /** What there is beside services and checks. */
  readonly entries: Pick<Entries, 'ok' | 'watches' | 'diagnostics'>
  readonly services: readonly {
    readonly declared: DeclaredService
    readonly claim: Claim
    readonly checks: readonly Claim[]
  }[]
  readonly checks: readonly { readonly declared: DeclaredCheck; readonly claim: Claim }[]
}

/** Lists what a file's declarations lay claim to. */
export function contributionOf(file: string, content: Content, entries: Entries): Contribution {
  const { ok, watches, diagnostics } = entries
  const quiet = ok && watches.length === 0 && diagnostics.length === 0
  const contribution: { -readonly [Key in keyof Contribution]: Contribution[Key] } = {
    file,
    content,
    entries: quiet ? noEntries : { ok, watches, diagnostics },
    services: nothing,
    checks: nothing,
  }
  // `map` instead of `push`: growing arrays reserve spare capacity, which adds up over thousands of files.
  if (entries.services.length > 0) {
    contribution.services = entries.services.map(({ declared, path }) => {
      const { id, checks: inside } = declared.definition
      return {
        declared,
        claim: { contribution, id, path, serviceId: '', script: false },
        checks: inside.map((check, i) => ({
          contribution,
          id: check.id,
          path: checkPath(content, path, i),
          serviceId: id,
          script: startsProgram(check.kind.type),
        })),
      }
    })
  }
  if (entries.checks.length > 0) {
    contribution.checks = entries.checks.map(({ declared, path }) => {
      const { id, kind } = declared.definition
      return { declared, claim: { contribution, id, path, serviceId: '', script: startsProgram(kind.type) } }
    })
  }
  return contribution
}

const nothing: readonly never[] = Object.freeze([])
const noEntries: Contribution['entries'] = Object.freeze({ ok: true, watches: nothing, diagnostics: nothing })

/** Where a service's check stands: those of its list come before the single one. */
function checkPath(content: Content, service: Path, index: number): Path {
  let value: unknown = content.written
  for (const step of service) value = (value as Readonly<Record<string | number, unknown>>)[step]
  const list = (value as { readonly checks?: readonly unknown[] }).checks ?? []
  return index < list.length ? [...service, 'checks', index] : service.length === 1 ? onlyCheck : [...service, 'check']
}

/** Of the one service in a file: one path for all such files. */
const onlyCheck: Path = Object.freeze(['service', 'check'])
