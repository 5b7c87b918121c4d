import type { Check, Instance, Perspective, PreparedQuery } from '../../catalog/index.js'
import { checkView, nodeServiceView, nodeView } from './catalog-views.js'

/** A prepared query as `/v1/query` shows it. */
export const queryView = ({ id, name, session, token, template, service, ttl, created, modified }: PreparedQuery) => ({
  ID: id,
  Name: name,
  Session: session,
  Token: token,
  Template: { Type: template.type, Regexp: template.regexp, RemoveEmptyTags: template.removeEmptyTags },
  Service: {
    Service: service.service,
    Failover: { NearestN: service.failover.nearestN, Datacenters: service.failover.datacenters },
    OnlyPassing: service.onlyPassing,
    IgnoreCheckIDs: service.ignoreCheckIds,
    Near: service.near,
    Tags: service.tags,
    NodeMeta: service.nodeMeta,
    ServiceMeta: service.serviceMeta,
    Connect: service.connect,
  },
  DNS: { TTL: ttl },
  CreateIndex: created,
  ModifyIndex: modified,
})

/** JSON of instances that a query gave, kept as long as they live: each run shows the same ones in another order. */
export class QueryNodes {
  readonly #kept = new WeakMap<
    Instance,
    { readonly datacenter: string; readonly seen: Perspective; readonly json: string }
  >()

  /** An instance as `/v1/health/service/:name` shows it, but that an empty list of tags is null here, as in Consul. */
  json(instance: Instance, datacenter: string, seen: Perspective): string {
    const kept = this.#kept.get(instance)
    if (kept?.datacenter === datacenter && kept.seen === seen) return kept.json
    const { node, service, checks } = instance
    const json = JSON.stringify({
      Node: nodeView(seen.node(node), datacenter),
      Service: { ...nodeServiceView(seen.service(service)), Tags: nullIfEmpty(service.tags) },
      Checks: checks.map(shownCheck),
    })
    this.#kept.set(instance, { datacenter, seen, json })
    return json
  }
}

const shownCheck = (check: Check) => ({ ...checkView(check), ServiceTags: nullIfEmpty(check.serviceTags) })

const nullIfEmpty = (list: readonly string[]): readonly string[] | null => (list.length === 0 ? null : list)
