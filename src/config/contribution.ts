import type { Content } from './content.js'
import type { Entries } from './entries.js'
import type { Path } from './keys.js'
import type { DeclaredCheck, DeclaredService } from './types.js'

/** One id that a file lays claim to, and where. */
export interface Claim {
  readonly contribution: Contribution
  readonly id: string
  readonly path: Path
  /** The service that a check stands in; '' for services themselves and checks outside of them. */
  readonly serviceId: string
  /** It runs a program on this machine. */
  readonly script: boolean
}

/** What one content of a file puts in, made once and kept while the file stays as it is. */
export interface Contribution {
  readonly file: string
  readonly content: Content
  readonly entries: Entries
  readonly services: readonly { readonly declared: DeclaredService; readonly claim: Claim; readonly checks: readonly Claim[] }[]
  readonly checks: readonly { readonly declared: DeclaredCheck; readonly claim: Claim }[]
}

/** Lists what a file's declarations lay claim to. */
export function contributionOf(file: string, content: Content, entries: Entries): Contribution {
  const services: Contribution['services'][number][] = []
  const checks: Contribution['checks'][number][] = []
  const contribution: Contribution = { file, content, entries, services, checks }
  for (const { declared, path } of entries.services) {
    const { id, checks: inside } = declared.definition
    services.push({
      declared, claim: { contribution, id, path, serviceId: '', script: false },
      checks: inside.map((check, i) => ({ contribution, id: check.id, path: checkPath(content, path, i), serviceId: id, script: isScript(check.kind.type) })),
    })
  }
  for (const { declared, path } of entries.checks) {
    const { id, kind } = declared.definition
    checks.push({ declared, claim: { contribution, id, path, serviceId: '', script: isScript(kind.type) } })
  }
  return contribution
}

const isScript = (type: string): boolean => type === 'script' || type === 'docker'

/** Where a service's check stands: those of its list come before the single one. */
function checkPath(content: Content, service: Path, index: number): Path {
  let value: unknown = content.written
  for (const step of service) value = (value as Readonly<Record<string | number, unknown>>)[step]
  const list = (value as { readonly checks?: readonly unknown[] }).checks ?? []
  return index < list.length ? [...service, 'checks', index] : [...service, 'check']
}
