import type { Declared, DeclaredChange, DeclaredCheck, DeclaredService, Origin } from '../config/index.js'
import type { EntryOrigin } from './api.js'
import type { LocalState } from './local-state.js'
import type { Registrations } from './registrations.js'

/** Ids of all checks that files declare, those of services included. */
function declaredCheckIds({ services, checks }: Declared): ReadonlySet<string> {
  const ids = new Set(checks.keys())
  for (const { definition } of services.values()) for (const check of definition.checks) ids.add(check.id)
  return ids
}

/**
 * Applies a difference between declarations. What comes is applied before what goes, so a check that moves from one
 * service to another, or out of one, keeps its status.
 */
export function applyChanges(changes: readonly DeclaredChange[], wanted: Declared, registrations: Registrations): void {
  for (const change of changes)
    if (change.kind === 'service' && change.op !== 'remove') registrations.declareService(change.declared)
  for (const change of changes)
    if (change.kind === 'check' && change.op !== 'remove') registrations.declareCheck(change.declared)
  const removals = changes.filter(change => change.op === 'remove')
  if (removals.length === 0) return
  const checks = declaredCheckIds(wanted)
  for (const { kind, id } of removals) if (kind === 'check' && !checks.has(id)) registrations.withdrawCheck(id)
  for (const { kind, id } of removals) if (kind === 'service') registrations.withdrawService(id)
}

/**
 * Declared entries that are not there, or not as declared, although no file changed: a client has removed or replaced
 * them. As additions, for the files `of` concerns.
 */
export function missingEntries(
  declared: Declared,
  local: LocalState,
  of: (file: string) => boolean,
): readonly DeclaredChange[] {
  const changes: DeclaredChange[] = []
  declared.services.forEach((service, id) => {
    if (of(service.origin.file) && !isThere(service, local))
      changes.push({ kind: 'service', op: 'add', id, declared: service })
  })
  for (const [id, check] of declared.checks) {
    if (
      of(check.origin.file)
      && local.checks().get(id)?.origin.by !== 'file'
      && hasItsService(check, declared, local)
    ) {
      changes.push({ kind: 'check', op: 'add', id, declared: check })
    }
  }
  return changes
}

/**
 * Notes where entries of the files `of` concerns stand that are themselves unchanged, when lines above them came or
 * went.
 */
export function moveOrigins(declared: Declared, local: LocalState, of: (file: string) => boolean): void {
  declared.services.forEach(({ origin }, id) => {
    if (of(origin.file) && isElsewhere(local.services().get(id)?.origin, origin))
      local.moveOrigin('service', id, { by: 'file', at: origin })
  })
  for (const [id, { origin }] of declared.checks) {
    if (of(origin.file) && isElsewhere(local.checks().get(id)?.origin, origin))
      local.moveOrigin('check', id, { by: 'file', at: origin })
  }
}

const isThere = ({ definition }: DeclaredService, local: LocalState): boolean =>
  local.services().get(definition.id)?.origin.by === 'file'
  && definition.checks.every(check => local.checks().has(check.id))

const hasItsService = ({ definition: { serviceId } }: DeclaredCheck, declared: Declared, local: LocalState): boolean =>
  serviceId === '' || local.services().has(serviceId) || declared.services.has(serviceId)

/** Unchanged files keep their very objects, so nothing is compared line by line. */
const isElsewhere = (known: EntryOrigin | undefined, origin: Origin): boolean =>
  known?.by === 'file' && known.at !== origin
