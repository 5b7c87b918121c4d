import { checkTimes, type EntryOrigin, type LocalCheck, type LocalService } from '../../agent/index.js'
import type { MemberStatus } from '../../catalog/index.js'
import type { Member, Unheard } from '../../cluster/index.js'
import { checkView, proxyView, taggedAddresses } from './catalog-views.js'

/** Who declared an entry: `conf/web3.json:4`, or `api`. */
export const originText = (origin: EntryOrigin): string =>
  origin.by === 'api' ? 'api' : `${origin.at.file}:${origin.at.line}`

/** A service of this agent. */
export const agentServiceView = ({ definition, origin }: LocalService, datacenter: string) => ({
  ...(definition.kind !== '' && { Kind: definition.kind }),
  ID: definition.id,
  Service: definition.name,
  Tags: definition.tags,
  Meta: definition.meta,
  Port: definition.port,
  Address: definition.address,
  SocketPath: definition.socketPath,
  ...taggedAddresses('TaggedAddresses', definition.taggedAddresses),
  Weights: { Passing: definition.weights.passing, Warning: definition.weights.warning },
  EnableTagOverride: definition.enableTagOverride,
  ...(definition.mesh?.proxy !== undefined && { Proxy: proxyView(definition.mesh.proxy) }),
  ...(definition.mesh?.connect !== undefined && { Connect: definition.mesh.connect }),
  Datacenter: datacenter,
  Origin: originText(origin),
})

/** A check of this agent. Its indexes are 0: they belong to the catalog. How it runs is nobody else's business. */
export const agentCheckView = (check: LocalCheck, node: string) => ({
  ...checkView({ ...check, ...checkTimes(check), node, definition: {}, created: 0, modified: 0 }),
  Origin: originText(check.origin),
})

const statusNumbers: Readonly<Record<MemberStatus, number>> = { alive: 1, leaving: 2, left: 3, failed: 4 }

/**
 * An extra field of a member whose status is unknown because there is no leader: since when it was not heard of; '' for
 * the whole run of this agent.
 */
export const unheardView = ({ id, status }: Member, { since, heard }: Unheard): { readonly UnheardSince?: string } =>
  status !== 'alive' || heard.includes(id)
    ? {}
    : { UnheardSince: since === undefined ? '' : new Date(since).toISOString() }

/** A member of the cluster. The protocol numbers are those of a Consul 1.10 agent, which its clients expect. */
export const memberView = (member: Member) => ({
  Name: member.name,
  Addr: member.address,
  Port: member.port,
  Tags: member.tags,
  Status: statusNumbers[member.status],
  ProtocolMin: 1,
  ProtocolMax: 5,
  ProtocolCur: 2,
  DelegateMin: 2,
  DelegateMax: 5,
  DelegateCur: 4,
})
