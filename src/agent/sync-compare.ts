import {
  standsForServer,
  type Check,
  type CheckData,
  type NodeContents,
  type NodeData,
  type Service,
  type ServiceData,
  type SyncRequest,
} from '../catalog/index.js'
import { serfHealthCheckId } from '../common/health.js'
import { sameData } from '../common/plain-data.js'
import type { EntryOrigin, LocalCheck, LocalReads } from './api.js'
import { checkData, serviceData } from './catalog-data.js'

/** What stands for this server in the catalog; undefined on a client agent. */
export type ServersService = Omit<ServiceData, 'node'> | undefined

/**
 * Whether an id is that of the service which stands for this server: the cluster keeps that one, unless the agent
 * itself has a service of that id.
 */
const isClustersService = (id: string, local: LocalReads, own: ServersService): boolean =>
  id === own?.id && !local.services().has(id)

/** One entry of this node that someone else changed, and that is put back. */
export interface Correction {
  readonly entry: string
  /** Where the entry is declared, `conf/web.json:4` or `api`; `nobody` for one that this agent does not know. */
  readonly owner: string
  readonly reason: 'changed by someone else' | 'missing in the catalog' | 'registered by someone else'
}

/**
 * What a full comparison found. `tags`: tags that the catalog holds for services with tag override, to be shown here.
 */
export interface Comparison {
  readonly changes: SyncRequest
  readonly corrections: readonly Correction[]
  readonly tags: ReadonlyMap<string, readonly string[]>
}

/** How to compare. `own` stands for this server, and is kept by the cluster. */
export interface CompareOptions {
  readonly ignoreOutput: boolean
  readonly own: ServersService
}

/** Where an entry comes from, as people read it. */
const ownerOf = (origin: EntryOrigin): string => (origin.by === 'api' ? 'api' : `${origin.at.file}:${origin.at.line}`)

/** Whether a comparison or a push has nothing to say. */
export const isEmpty = ({ put, remove }: SyncRequest): boolean =>
  put.services.length + put.checks.length + remove.services.length + remove.checks.length === 0

/**
 * What must be written so that the catalog shows this node as the agent knows it. The agent is the authority: foreign
 * changes are overwritten and foreign extras removed, except the cluster's own entries (liveness check, `consul`
 * service of a server that declares none itself) and the tags of services with tag override. With `ignoreOutput` a
 * check whose output alone differs is left alone.
 */
export function compare(local: LocalReads, remote: NodeContents, node: NodeData, options: CompareOptions): Comparison {
  const services = compareServices(local, remote, node.node, options)
  const checks = compareChecks(local, remote, node.node, options)
  return {
    changes: {
      node,
      put: { services: services.put, checks: checks.put },
      remove: { services: services.remove, checks: checks.remove },
    },
    corrections: [...services.corrections, ...checks.corrections],
    tags: services.tags,
  }
}

/** Whether the catalog's entry of the node itself is as it should be. */
export const sameNode = (remote: NodeContents, wanted: NodeData): boolean =>
  remote.node?.id === wanted.id
  && remote.node.address === wanted.address
  && sameMap(remote.node.taggedAddresses, wanted.taggedAddresses)
  && sameMap(remote.node.meta, wanted.meta)

function compareServices(local: LocalReads, remote: NodeContents, node: string, options: CompareOptions) {
  const held = new Map(remote.services.map(service => [service.id, service]))
  const put: ServiceData[] = []
  const corrections: Correction[] = []
  const tags = new Map<string, readonly string[]>()
  for (const [id, { definition, origin }] of local.services()) {
    const there = held.get(id)
    const takeTags = there !== undefined && definition.enableTagOverride && !sameData(there.tags, definition.tags)
    if (takeTags) tags.set(id, there.tags)
    const wanted = serviceData(node, takeTags ? { ...definition, tags: there.tags } : definition)
    if (there !== undefined && sameService(there, wanted)) continue
    put.push(wanted)
    corrections.push({
      entry: `service ${id}`,
      owner: ownerOf(origin),
      reason: there === undefined ? 'missing in the catalog' : 'changed by someone else',
    })
  }
  const remove = remote.services
    .map(service => service.id)
    .filter(id => !isClustersService(id, local, options.own) && !local.services().has(id))
  const standIn = options.own && held.get(options.own.id)
  if (
    options.own !== undefined
    && standIn !== undefined
    && isClustersService(standIn.id, local, options.own)
    && !standsForServer(standIn)
  ) {
    put.push({ ...options.own, node })
    corrections.push({ entry: `service ${standIn.id}`, owner: 'nobody', reason: 'changed by someone else' })
  }
  corrections.push(...remove.map(id => unknownEntry(`service ${id}`)))
  return { put, remove, corrections, tags }
}

function compareChecks(local: LocalReads, remote: NodeContents, node: string, options: CompareOptions) {
  const held = new Map(remote.checks.map(check => [check.id, check]))
  const put: CheckData[] = []
  const corrections: Correction[] = []
  for (const [id, check] of local.checks()) {
    if (id === serfHealthCheckId) continue
    const there = held.get(id)
    const wanted = checkData(node, check)
    const same = there !== undefined && sameCheck(there, wanted, options.ignoreOutput)
    if (same && !hasOldTags(there, check, local)) continue
    put.push(wanted)
    if (same) continue
    corrections.push({
      entry: `check ${id}`,
      owner: ownerOf(check.origin),
      reason: there === undefined ? 'missing in the catalog' : 'changed by someone else',
    })
  }
  const remove = remote.checks.filter(check => isForeign(check, local, options.own)).map(check => check.id)
  corrections.push(...remove.map(id => unknownEntry(`check ${id}`)))
  return { put, remove, corrections }
}

/**
 * Checks carry the name and tags of their service as of their own last write, here and in the catalog. One that was
 * registered again with its service has the new ones; one that only stands beside it keeps the old.
 */
function hasOldTags(there: Check, check: LocalCheck, local: LocalReads): boolean {
  const service = local.services().get(check.serviceId)?.definition
  if (service === undefined || service.enableTagOverride) return false
  return (
    there.serviceName !== check.serviceName
    || (sameData(check.serviceTags, service.tags) && !sameData(there.serviceTags, service.tags))
  )
}

const isForeign = (check: Check, local: LocalReads, own: ServersService): boolean =>
  check.id !== serfHealthCheckId && !isClustersService(check.serviceId, local, own) && !local.checks().has(check.id)

const unknownEntry = (entry: string): Correction => ({ entry, owner: 'nobody', reason: 'registered by someone else' })

const sameService = (there: Service, wanted: ServiceData): boolean =>
  there.name === wanted.name
  && there.port === wanted.port
  && there.address === wanted.address
  && there.kind === wanted.kind
  && there.socketPath === wanted.socketPath
  && there.enableTagOverride === wanted.enableTagOverride
  && there.weights.passing === wanted.weights.passing
  && there.weights.warning === wanted.weights.warning
  && sameData(there.tags, wanted.tags)
  && sameMap(there.meta, wanted.meta)
  && sameMap(there.taggedAddresses, wanted.taggedAddresses)
  && sameData(there.mesh, wanted.mesh)

const sameCheck = (there: Check, wanted: CheckData, ignoreOutput: boolean): boolean =>
  there.name === wanted.name
  && there.status === wanted.status
  && there.notes === wanted.notes
  && there.serviceId === wanted.serviceId
  && there.type === wanted.type
  && there.interval === wanted.interval
  && there.timeout === wanted.timeout
  && (ignoreOutput || there.output === wanted.output)
  && Object.keys(there.definition).length === 0

/** Whether two maps are equal; the catalog does not tell an empty one from none. */
const sameMap = (a: object | null, b: object | null): boolean => sameData(a ?? {}, b ?? {})
