import type { Catalog } from '../../catalog/index.js'
import type { Logger } from '../../telemetry/index.js'
import type { RpcServer } from '../../rpc/index.js'
import { methods, maxServers, readHello, type HelloAnswer } from '../server-messages.js'
import type { Member, Membership, ServerInfo } from '../types.js'
import type { Heartbeats } from './heartbeats.js'
import { heartbeatInterval } from './lease-ttl.js'
import { readForceLeave, readHeartbeat, readId } from './membership-messages.js'
import { notSteward } from './renewals.js'
import { memberMethods, type HeartbeatAnswer, type MemberList } from './types.js'

/** What a server's membership answers calls with. */
export interface CallParts {
  readonly membership: Pick<Membership, 'servers' | 'leader' | 'peers' | 'datacenters' | 'forceLeave'>
  /** What client agents are told, who keep it until the members change. */
  readonly members: () => readonly Member[]
  readonly heartbeats: Heartbeats
  readonly catalog: Catalog
  readonly isSteward: () => boolean
  readonly self: () => ServerInfo
  readonly leave: (id: string) => Promise<void>
  /** Whether `join/hello` is answered here; else another part does. */
  readonly hello: boolean
  readonly log: Logger
}

/** Registers what other agents may ask of a server's membership. */
export function answerCalls(
  server: RpcServer,
  { membership, members, heartbeats, catalog, isSteward, self, leave, hello, log }: CallParts,
): void {
  const revision = (): number => catalog.members.topics.all().index
  server.handle(memberMethods.heartbeat, async (body): Promise<HeartbeatAnswer> => {
    const beat = readHeartbeat(body, self().datacenter)
    const ttl = await heartbeats.beat(beat)
    return {
      ttl,
      every: heartbeatInterval(ttl),
      servers: membership.servers(),
      leader: membership.leader(),
      peers: membership.peers(),
      datacenters: membership.datacenters(),
      membersRevision: revision(),
    }
  })
  server.handle(memberMethods.list, (): Promise<MemberList> =>
    Promise.resolve({ revision: revision(), members: members() }),
  )
  server.handle(memberMethods.leave, async body => {
    const id = readId(body)
    log.debug('a member leaves', { id })
    await leave(id)
    return {}
  })
  server.handle(memberMethods.forceLeave, async body => {
    const { name, prune } = readForceLeave(body)
    await membership.forceLeave(name, prune)
    return {}
  })
  server.handle(memberMethods.renewSession, body => {
    const id = readId(body)
    if (!isSteward()) return Promise.reject(notSteward())
    catalog.sessionRenewed(id)
    return Promise.resolve({})
  })
  if (!hello) return
  server.handle(methods.hello, (body): Promise<HelloAnswer> => {
    readHello(body)
    return Promise.resolve({
      self: self(),
      datacenter: self().datacenter,
      cluster: self().id,
      expect: 0,
      carries: false,
      servers: membership.servers().slice(0, maxServers),
    })
  })
}
