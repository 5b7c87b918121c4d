import type { Combined } from './combine.js'
import type { Contribution } from './contribution.js'
import { ReplacedMap } from './replaced-map.js'
import type { Declared, DeclaredService } from '../types.js'

/** A combination and the contents it was made from. */
export interface Combination extends Combined {
  readonly contributions: readonly Contribution[]
  readonly scriptsAllowed: boolean
}

/** How many files may differ; with more of them it is no work to combine all again. */
const maxChanged = 50

/**
 * What combining would give, made from the outcome before it when only the content of some files changed and not the
 * ids that they lay claim to, as in nearly every reload. Undefined when all must be looked at.
 */
export function recombine(
  before: Combination | undefined,
  contributions: readonly Contribution[],
  scriptsAllowed: boolean,
): Combined | undefined {
  if (
    before?.contributions.length !== contributions.length
    || before.faults.length > 0
    || before.scriptsAllowed !== scriptsAllowed
  )
    return undefined
  if (dependsOnOthers(before.declared)) return undefined
  const changed: Contribution[] = []
  for (let i = 0; i < contributions.length; i++) {
    const now = contributions[i]
    const old = before.contributions[i]
    if (now === old) continue
    if (now === undefined || old === undefined || changed.length === maxChanged || !claimTheSame(old, now))
      return undefined
    changed.push(now)
  }
  const services = new Map<string, DeclaredService>()
  for (const contribution of changed)
    for (const { declared, claim } of contribution.services) services.set(claim.id, declared)
  const { declared, faults, checkFile } = before
  return {
    declared: {
      services: ReplacedMap.of(declared.services, services),
      checks: declared.checks,
      watches: declared.watches,
    },
    faults,
    checkFile,
  }
}

/** Whether checks belong to services that no file declares: such a service may have gone since. */
function dependsOnOthers({ services, checks }: Declared): boolean {
  for (const {
    definition: { serviceId },
  } of checks.values())
    if (serviceId !== '' && !services.has(serviceId)) return true
  return false
}

/**
 * Whether two contents of a file claim the same ids in the same order, and neither has anything that rules of their own
 * apply to.
 */
function claimTheSame(a: Contribution, b: Contribution): boolean {
  if (a.file !== b.file || a.entries.watches.length + b.entries.watches.length > 0) return false
  if (a.checks.length + b.checks.length > 0 || a.services.length !== b.services.length) return false
  return a.services.every((service, i) => {
    const other = b.services[i]
    return (
      service.claim.held !== true
      && other?.claim.held !== true
      && service.claim.id === other?.claim.id
      && service.checks.length === other.checks.length
      && service.checks.every(
        (check, k) => check.id === other.checks[k]?.id && !check.script && other.checks[k]?.script === false,
      )
    )
  })
}
