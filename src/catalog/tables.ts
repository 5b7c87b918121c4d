import { AutopilotTable } from './tables/autopilot.js'
import { CheckTable } from './tables/checks.js'
import { CoordinateTable } from './tables/coordinates.js'
import { EventTable } from './tables/events.js'
import { KvTable } from './tables/kv.js'
import { LeaseMarkTable } from './tables/lease-marks.js'
import { LockTable } from './tables/locks.js'
import { MarkTable } from './tables/marks.js'
import { MemberTable } from './tables/members.js'
import { NodeTable } from './tables/nodes.js'
import { QueryTable } from './tables/queries.js'
import { ServiceTable } from './tables/services.js'
import { SessionTable } from './tables/sessions.js'
import type { Table } from './tables/table.js'
import { WanServerTable } from './tables/wan-servers.js'
import type { Topics } from './topics.js'

/**
 * The tables of a catalog, empty. One line each; those that mark topics of others take them.
 * @param tombstoneLimit how many deleted KV entries are remembered one by one
 */
export function createTables(topics: Topics, tombstoneLimit?: number) {
  const services: ServiceTable = new ServiceTable(topics, node => nodes.named(node) !== undefined)
  const nodes = new NodeTable(topics, services)
  const checks = new CheckTable(topics, services)
  const coordinates = new CoordinateTable(topics)
  const events = new EventTable(topics)
  const queries = new QueryTable(topics)
  const sessions = new SessionTable(topics)
  const kv = new KvTable(topics, tombstoneLimit)
  const locks = new LockTable()
  const lockDelays = new MarkTable('lock-delay')
  const guards = new MarkTable('guard')
  const members = new MemberTable(topics)
  const alive = new LeaseMarkTable(topics, 'alive')
  const reap = new MarkTable('reap')
  const steward = new LeaseMarkTable(topics, 'steward')
  const autopilot = new AutopilotTable(topics)
  const wanServers = new WanServerTable(topics)
  return {
    nodes,
    services,
    checks,
    coordinates,
    events,
    queries,
    sessions,
    kv,
    locks,
    lockDelays,
    guards,
    members,
    alive,
    reap,
    steward,
    autopilot,
    wanServers,
  } satisfies Record<string, Table>
}
