import { MusterError } from '../../common/errors.js'
import { version } from '../../common/version.js'
import { readArchive, writeArchive } from '../../snapshot/index.js'
import { empty, type Answer } from '../answer.js'
import type { Deps } from '../deps.js'
import { readOptions } from '../read-options.js'
import type { ApiRequest, Route } from '../route.js'

/** Largest archive taken, in bytes, and what it may become when it is decompressed: far above any catalog that fits into memory. */
const archiveLimit = 1024 * 1024 * 1024
const stateLimit = 2 * 1024 * 1024 * 1024 - 1

/** `/v1/snapshot`: the catalog as one archive, and back. */
export const snapshotRoutes = (deps: Deps): readonly Route[] => [
  { path: '/v1/snapshot', reach: 'handed-on', GET: request => save(deps, request), PUT: request => restore(deps, request), bodyLimit: () => archiveLimit },
]

async function save({ catalog, membership, settings, clock, lastContact }: Deps, request: ApiRequest): Promise<Answer> {
  const { consistency } = readOptions(request.query, request.header('cache-control'), settings())
  const stale = consistency === 'stale'
  const { raft } = await membership.stats()
  const { revision, entries } = await catalog.save({ stale })
  const term = Number(raft?.term ?? 1)
  const now = clock.now()
  const bytes = await writeArchive({
    meta: { ID: `${term}-${revision}-${Math.floor(now)}`, Index: revision, Term: term, Build: version, Datacenter: settings().datacenter },
    records: entries,
  }, now)
  const headers = ['X-Consul-Index', String(revision), 'X-Consul-Knownleader', String(membership.leader() !== ''), 'X-Consul-Lastcontact', String(stale ? lastContact() : 0)]
  return { kind: 'bytes', status: 200, type: 'application/x-gzip', bytes, headers }
}

async function restore({ agent, catalog, log }: Deps, { body }: ApiRequest): Promise<Answer> {
  if (body.length === 0) throw new MusterError('SNAPSHOT_INVALID', 'failed to decompress snapshot: unexpected EOF')
  const { meta, records } = await readArchive(body, stateLimit)
  const revision = await catalog.restore(records)
  // Other agents find out with their next comparison, within a minute or so.
  agent.serversChanged()
  log.warn('the catalog was restored from a snapshot', { snapshot: meta.ID, entries: records.length, revision })
  return empty()
}
