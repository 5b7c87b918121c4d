import type { ServiceQuery } from './types.js'

/** Changes one text of a service query; `path` tells which: `.Service`, `.Tags[0]`, `.NodeMeta[rack]`. */
type Change = (text: string, path: string) => string

/** A service query with every text of it changed; keys of maps stay. Paths are in Consul's spelling. */
export function mapTexts(query: ServiceQuery, change: Change): ServiceQuery {
  return {
    ...query,
    service: change(query.service, '.Service'),
    failover: { ...query.failover, datacenters: mapList(query.failover.datacenters, '.Failover.Datacenters', change) },
    ignoreCheckIds: mapList(query.ignoreCheckIds, '.IgnoreCheckIDs', change),
    near: change(query.near, '.Near'),
    tags: mapList(query.tags, '.Tags', change),
    nodeMeta: mapValues(query.nodeMeta, '.NodeMeta', change),
    serviceMeta: mapValues(query.serviceMeta, '.ServiceMeta', change),
  }
}

const mapList = (list: readonly string[] | null, path: string, change: Change): readonly string[] | null =>
  list?.map((text, at) => change(text, `${path}[${at}]`)) ?? null

function mapValues(
  map: Readonly<Record<string, string>> | null,
  path: string,
  change: Change,
): Readonly<Record<string, string>> | null {
  return map === null
    ? null
    : Object.fromEntries(Object.entries(map).map(([key, text]) => [key, change(text, `${path}[${key}]`)]))
}
