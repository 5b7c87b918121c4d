import type { Declared, DeclaredChange } from '../config/index.js'
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
