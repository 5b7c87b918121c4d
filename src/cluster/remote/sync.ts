import { grouped } from '../../common/grouped.js'
import {
  pushNode,
  type CatalogReads,
  type CatalogWrites,
  type CheckData,
  type NodeContents,
  type ServiceData,
  type SyncRequest,
  type SyncTarget,
} from '../../catalog/index.js'
import { Shape } from '../../rpc/index.js'
import type { RpcServer } from '../../rpc/index.js'
import { readChanges, readRemoteNode, syncMethods } from './sync-messages.js'
import type { ServerPool } from './server-pool.js'

/**
 * Entries of one call: enough that the way there does not count, little enough that a server has time for others in
 * between.
 */
const batchSize = 1000
const writeLimit = 16 * 1024 * 1024
/** Longer than a server waits for a leader. ms */
const timeoutMs = 15_000

/**
 * The servers of a datacenter as the place where a client agent's entries are kept. Rejects with CLUSTER_NO_SERVERS
 * when none is known.
 */
export function remoteSyncTarget(pool: ServerPool): SyncTarget {
  return {
    read: async node =>
      readRemoteNode(await pool.call(syncMethods.read, { node }, { timeout: timeoutMs, mayRepeat: true })),
    write: async changes => {
      // Write batches one after the other: each acknowledged batch is in the catalog even if a later one fails.
      for (const batch of batches(changes, batchSize))
        await pool.call(syncMethods.write, batch, { timeout: timeoutMs, mayRepeat: true })
    },
  }
}

/** Outputs of checks can be long: each so many characters count as one more entry. */
const charactersPerEntry = 4096

/** Services and checks that travel together, and how much they count. */
class Portion {
  readonly services: ServiceData[] = []
  readonly checks: CheckData[] = []
  weight = 0

  add(service: ServiceData | undefined, checks: readonly CheckData[]): void {
    if (service !== undefined) {
      this.services.push(service)
      this.weight++
    }
    for (const check of checks) {
      this.checks.push(check)
      this.weight += 1 + check.output.length / charactersPerEntry
    }
  }

  get put(): SyncRequest['put'] {
    return { services: this.services, checks: this.checks }
  }
}

/**
 * Changes in portions of about `size` entries. A service and its checks stay together, the node's own checks come first
 * and removals last, so that nobody sees a service without what says how it is.
 */
function* batches({ node, put, remove }: SyncRequest, size: number): Iterable<SyncRequest> {
  const nothing = { services: [], checks: [] }
  let portion = new Portion()
  for (const [service, checks] of together(put)) {
    if (portion.weight >= size) {
      yield { node, put: portion.put, remove: nothing }
      portion = new Portion()
    }
    portion.add(service, checks)
  }
  const gone = [...remove.services.map(id => ({ service: id })), ...remove.checks.map(id => ({ check: id }))]
  for (let at = 0; at === 0 || at < gone.length; at += size) {
    const some = gone.slice(at, at + size)
    yield {
      node,
      put: at === 0 ? portion.put : nothing,
      remove: {
        services: some.flatMap(one => ('service' in one ? [one.service] : [])),
        checks: some.flatMap(one => ('check' in one ? [one.check] : [])),
      },
    }
  }
}

/** The node's own checks, then each service with its checks, then checks of services that are not among those. */
function* together({
  services,
  checks,
}: SyncRequest['put']): Iterable<readonly [ServiceData | undefined, readonly CheckData[]]> {
  const given = grouped(checks, check => check.serviceId)
  yield [undefined, given.get('') ?? []]
  given.delete('')
  for (const service of services) {
    yield [service, given.get(service.id) ?? []]
    given.delete(service.id)
  }
  for (const group of given.values()) yield [undefined, group]
}

/** Answers client agents that compare their entries with the catalog and bring them there. */
export function registerSyncHandlers(server: RpcServer, catalog: CatalogReads & CatalogWrites): void {
  server.handle(syncMethods.read, async body => {
    const node = new Shape(body, 'a question for a node').text('node')
    await catalog.barrier()
    return {
      node: catalog.nodes.find(node) ?? null,
      services: catalog.services.ofNode(node),
      checks: catalog.checks.ofNode(node),
    } satisfies Record<keyof NodeContents, unknown>
  })
  server.handle(
    syncMethods.write,
    async body => {
      const { writes, revision } = await pushNode(catalog, readChanges(body))
      return { writes, revision }
    },
    { bodyLimit: writeLimit },
  )
}
