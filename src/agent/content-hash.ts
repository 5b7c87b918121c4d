import { createHash } from 'node:crypto'
import type { ServiceDefinition } from '../config/index.js'

/**
 * Hash of what `/v1/agent/service/:id` shows of a service: 16 hex digits, equal for equal content whatever the order of
 * map keys. Checks are not part of it, since that answer does not show them.
 */
export function contentHash(service: ServiceDefinition): string {
  const shown = [
    service.kind,
    service.id,
    service.name,
    service.tags,
    sorted(service.meta),
    service.port,
    service.address,
    service.socketPath,
    service.taggedAddresses === null
      ? null
      : sorted(service.taggedAddresses).map(([network, at]) => [network, at.address, at.port]),
    service.weights.passing,
    service.weights.warning,
    service.enableTagOverride,
    ...(service.mesh === undefined ? [] : [service.mesh]),
  ]
  return createHash('sha256').update(JSON.stringify(shown)).digest('hex').slice(0, 16)
}

const sorted = <Value>(map: Readonly<Record<string, Value>>): readonly (readonly [string, Value])[] =>
  Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1))
