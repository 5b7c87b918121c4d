import { MusterError } from '../../common/errors.js'
import type { Query } from '../request/query.js'

/** What may be kept apart by namespace in a paid edition of Consul. */
const apart = /^\/v1\/(?:kv|session|txn|catalog|health|agent\/(?:services?|checks?|health))(?:\/|$)/

const kinds = [
  { name: 'Namespaces', parameter: 'ns', header: 'x-consul-namespace', shown: 'X-Consul-Namespace' },
  { name: 'Partitions', parameter: 'partition', header: 'x-consul-partition', shown: 'X-Consul-Partition' },
] as const

/** The headers that {@link refuseTenancy} looks for, all of one length. */
export const tenancyHeaders: ReadonlySet<string> = new Set(kinds.map(({ header }) => header))

/**
 * Who names a namespace means its keys and services alone. Answering from all there is, or writing there, would be
 * something else than was asked for, so it is refused, as Consul's free edition does.
 * @throws MusterError 400
 */
export function refuseTenancy(path: string, query: Query, header: (name: string) => string | undefined): void {
  for (const kind of kinds) {
    const inHeader = (header(kind.header) ?? '') !== ''
    if ((!inHeader && query.first(kind.parameter) === '') || !apart.test(path)) continue
    const where = inHeader ? `header: "${kind.shown}"` : `query parameter: "${kind.parameter}"`
    throw new MusterError('HTTP_TENANCY', `Invalid ${where} - ${kind.name} are a Consul Enterprise feature`, {
      status: 400,
    })
  }
}
