import type { LocalCheck } from '../../agent/index.js'
import { aliasCircles } from '../../common/alias-circles.js'
import { addressFault } from '../../common/dns-address.js'
import { addTo } from '../../common/grouped.js'
import { aliasTarget, circleMessage, type CheckDefinition, type ServiceDefinition } from '../../config/index.js'
import { headerText } from '../answer/answer.js'
import type { HeaderList } from '../header-list.js'

/** Warnings for API registrations, the same as for files: addresses that DNS cannot use, each once. */
export const addressWarnings = (addresses: readonly string[]): readonly string[] => [
  ...new Set(addresses.flatMap(address => addressFault(address) ?? []).map(({ text, hint }) => `${text}; ${hint}`)),
]

/** The same for a service, which was registered already: its addresses, and a circle of alias checks that it is in. */
export const serviceWarnings = (
  definition: ServiceDefinition,
  checks: Iterable<readonly [string, LocalCheck]>,
): readonly string[] => [
  ...addressWarnings([
    definition.address,
    ...Object.values(definition.taggedAddresses ?? {}).map(({ address }) => address),
  ]),
  ...(definition.checks.some(check => aliasTarget(check) !== undefined) ? circleWarnings(definition.id, checks) : []),
]

/** The same for a check of its own. */
export const checkWarnings = (
  definition: CheckDefinition,
  checks: Iterable<readonly [string, LocalCheck]>,
): readonly string[] =>
  definition.serviceId !== '' && aliasTarget(definition) !== undefined
    ? circleWarnings(definition.serviceId, checks)
    : []

/** The header that carries warnings; none where there are none. */
export const warningHeader = (warnings: readonly string[]): HeaderList =>
  warnings.length === 0 ? [] : ['X-Muster-Warning', headerText(warnings.join(' | '))]

function circleWarnings(serviceId: string, checks: Iterable<readonly [string, LocalCheck]>): readonly string[] {
  // Put the service first, so that every circle it belongs to begins with it.
  const targets = new Map<string, string[]>([[serviceId, []]])
  for (const [, { definition }] of checks) {
    const target = definition === undefined ? undefined : aliasTarget(definition)
    if (definition === undefined || target === undefined || definition.serviceId === '') continue
    addTo(targets, definition.serviceId, target)
  }
  return aliasCircles(targets)
    .filter(circle => circle[0] === serviceId)
    .map(circleMessage)
}
