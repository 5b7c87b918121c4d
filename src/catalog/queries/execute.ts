import { shuffled } from '../../common/shuffled.js'
import type { CatalogReads } from '../api.js'
import type { Instance } from '../types.js'
import { lookUp } from './lookup.js'
import { nearestFirst, originNode } from './near.js'
import type { Origin } from './near.js'
import { select } from './select.js'
import type { PreparedQuery, ServiceQuery } from './types.js'

/** The other datacenters, for queries that find nothing in this one. */
export interface RemoteDatacenters {
  /** Their names, the nearest first. */
  nearest(): readonly string[]
  /**
   * What a query finds there, in the order to be given, at most `limit` (0: all). Undefined when nobody there answers;
   * the next datacenter is tried then. Never rejects.
   */
  remote(datacenter: string, query: ServiceQuery, limit: number): Promise<readonly Instance[] | undefined>
}

/** What queries run on. */
export interface QueryRunner {
  readonly catalog: CatalogReads
  readonly datacenter: string
  /** From 0 to below 1. */
  readonly random: () => number
  /** Not given: this is the only datacenter. */
  readonly others?: RemoteDatacenters
}

/**
 * One run of a query. `near` '' leaves it to the query; `limit` 0 gives all. `connect`: only instances of the service
 * mesh.
 */
export interface QueryRun extends Origin {
  readonly near: string
  readonly limit: number
  readonly connect: boolean
}

/** What a query gave. `ordered`: the order means something, the nearest are first. */
export interface QueryOutcome {
  /** As it was run: a template filled. */
  readonly query: PreparedQuery
  readonly instances: readonly Instance[]
  readonly datacenter: string
  /** How many other datacenters were asked. */
  readonly failovers: number
  readonly ordered: boolean
}

/**
 * Looks a query up by id or name and runs it: here, and where that gives nothing, in the datacenters that it names, in
 * turn. Undefined when there is no such query; a promise only when other datacenters have to be asked.
 * @throws MusterError of {@link lookUp}
 */
export function runQuery(
  runner: QueryRunner,
  idOrName: string,
  run: QueryRun,
): QueryOutcome | undefined | Promise<QueryOutcome> {
  const { catalog, datacenter, random, others } = runner
  const query = lookUp(catalog, idOrName)
  if (query === undefined) return undefined
  const { service } = query
  const wanted = run.connect ? { ...service, connect: true } : service
  const found = selectForQuery(catalog, wanted, random)
  const origin = originNode(catalog, run.near === '' ? service.near : run.near, run)
  const sorted =
    origin === ''
      ? found
      : nearestFirst(
          found,
          origin,
          one => one.node.node,
          node => catalog.coordinates.get(node)?.coordinate,
        )
  const outcome = {
    query,
    instances: run.limit > 0 ? sorted.slice(0, run.limit) : sorted,
    datacenter,
    failovers: 0,
    ordered: origin !== '',
  }
  const targets = found.length > 0 || others === undefined ? [] : failoverTargets(service, others.nearest())
  return others === undefined || targets.length === 0 ? outcome : failOver(outcome, others, targets, wanted, run.limit)
}

/** What a query finds in this datacenter, in random order. */
export const selectForQuery = (catalog: CatalogReads, query: ServiceQuery, random: () => number): readonly Instance[] =>
  shuffled(select(catalog.health.instances(query.service), query), random)

/** The datacenters to try, in order: the nearest so many, then those named; names that nobody knows are passed over. */
export function failoverTargets(
  { failover }: Pick<ServiceQuery, 'failover'>,
  nearest: readonly string[],
): readonly string[] {
  const known = new Set(nearest)
  return [
    ...new Set([
      ...nearest.slice(0, failover.nearestN),
      ...(failover.datacenters ?? []).filter(name => known.has(name)),
    ]),
  ]
}

async function failOver(
  local: QueryOutcome,
  others: RemoteDatacenters,
  targets: readonly string[],
  query: ServiceQuery,
  limit: number,
): Promise<QueryOutcome> {
  let failovers = 0
  for (const datacenter of targets) {
    failovers++
    const instances = await others.remote(datacenter, query, limit)
    if (instances !== undefined && instances.length > 0)
      return { query: local.query, instances, datacenter, failovers, ordered: false }
  }
  return { ...local, failovers }
}
