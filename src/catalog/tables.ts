import { decodeAuthMethod, decodeBindingRule, decodePolicy, decodeRole } from './acl/acl-codec.js'
import {
  aclBindingRuleKey,
  aclBootstrapKey,
  aclMethodKey,
  aclPolicyKey,
  aclRoleKey,
  aliveKey,
  lockDelayKey,
  reapKey,
  stewardKey,
} from './keys.js'
import { AutopilotTable } from './tables/autopilot.js'
import { CheckTable } from './tables/checks.js'
import { CoordinateTable } from './tables/coordinates.js'
import { EventTable } from './tables/events.js'
import { KvTable } from './tables/kv.js'
import { LeaseMarkTable } from './tables/lease-marks.js'
import { LockTable } from './tables/locks.js'
import { MarkTable } from './tables/marks.js'
import { MemberTable } from './tables/members.js'
import { NamedRows } from './tables/named-rows.js'
import { NodeTable } from './tables/nodes.js'
import { QueryTable } from './tables/queries.js'
import { ServiceTable } from './tables/services.js'
import { SessionTable } from './tables/sessions.js'
import type { Table } from './tables/table.js'
import { TokenTable } from './tables/tokens.js'
import { WanServerTable } from './tables/wan-servers.js'
import type { Topics } from './topics.js'

/**
 * The tables of a catalog, empty, under the names by which they are read. One line each; those that mark topics of
 * others, or are joined with them, take them.
 * @param tombstoneLimit how many deleted KV entries are remembered one by one
 */
export function createTables(topics: Topics, tombstoneLimit?: number) {
  const services: ServiceTable = new ServiceTable(topics, node => nodes.named(node) !== undefined)
  const nodes = new NodeTable(topics, services)
  const locks = new LockTable()
  return {
    nodes,
    services,
    checks: new CheckTable(topics, services),
    coordinates: new CoordinateTable(topics),
    events: new EventTable(topics),
    queries: new QueryTable(topics),
    sessions: new SessionTable(topics),
    kv: new KvTable(topics, locks, tombstoneLimit),
    locks,
    /**
     * Lock-delays: a mark exists while a KV entry may not be acquired because the session of its holder has just ended;
     * by key.
     */
    lockDelays: new MarkTable('lock-delay', lockDelayKey),
    /** Guards of ranges that plans rely on (see `keys.ts`), by the whole store key. */
    guards: new MarkTable('guard', storeKey => storeKey),
    members: new MemberTable(topics),
    /** The lease that keeps a member alive, by node id; gone once it has lapsed. */
    aliveMarks: new LeaseMarkTable(topics, 'alive', aliveKey),
    /** A mark exists until a failed or left member is to be forgotten; by node id. */
    reapMarks: new MarkTable('reap', reapKey),
    /**
     * The steward, which does the work that only one server of the cluster may do, where it is elected in the store.
     */
    steward: new LeaseMarkTable(topics, 'steward', () => stewardKey),
    autopilot: new AutopilotTable(topics),
    wanServers: new WanServerTable(topics),
    tokens: new TokenTable(topics),
    policies: new NamedRows(topics, {
      prefix: 'acl-policy',
      topic: 'acl-policies',
      keyOf: aclPolicyKey,
      decode: decodePolicy,
      idOf: ({ id }) => id,
      nameOf: ({ name }) => name,
    }),
    roles: new NamedRows(topics, {
      prefix: 'acl-role',
      topic: 'acl-roles',
      keyOf: aclRoleKey,
      decode: decodeRole,
      idOf: ({ id }) => id,
      nameOf: ({ name }) => name,
    }),
    /** Auth methods, whose names are their ids. */
    authMethods: new NamedRows(topics, {
      prefix: 'acl-method',
      topic: 'acl-auth-methods',
      keyOf: aclMethodKey,
      decode: decodeAuthMethod,
      idOf: ({ name }) => name,
      nameOf: ({ name }) => name,
    }),
    /** Binding rules, which have no names but their ids. */
    bindingRules: new NamedRows(topics, {
      prefix: 'acl-binding-rule',
      topic: 'acl-binding-rules',
      keyOf: aclBindingRuleKey,
      decode: decodeBindingRule,
      idOf: ({ id }) => id,
      nameOf: ({ id }) => id,
    }),
    /** The mark exists once the first token was created. */
    aclBootstrap: new MarkTable('acl-bootstrap', () => aclBootstrapKey),
  } satisfies Record<string, Table<unknown>>
}

/** All tables by name. */
export type Tables = ReturnType<typeof createTables>

type ReadsOf<Some> = Some extends Table<infer Reads> ? Reads : never

/** What readers see of the tables. */
export type TableReads = { readonly [Name in keyof Tables]: ReadsOf<Tables[Name]> }

/** Has the reads of each table under its name. */
export const WithTables = class {
  constructor(tables: Tables) {
    for (const [name, { reads }] of Object.entries(tables))
      Object.defineProperty(this, name, { value: reads, enumerable: true, configurable: true })
  }
} as new (tables: Tables) => TableReads
