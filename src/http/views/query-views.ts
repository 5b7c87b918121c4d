import { nodeFromAfar, serviceFromAfar, type Check, type Instance, type PreparedQuery } from '../../catalog/index.js'
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
  readonly #kept = new WeakMap<Instance, { readonly datacenter: string; readonly fromAfar: boolean; readonly json: string }>()

  /**
   * An instance as `/v1/health/service/:name` shows it, but that an empty list of tags is null here, as in Consul.
   * @param fromAfar with its WAN addresses
   */
  json(instance: Instance, datacenter: string, fromAfar: boolean): string {
    const kept = this.#kept.get(instance)
    if (kept?.datacenter === datacenter && kept.fromAfar === fromAfar) return kept.json
    const { node, service, checks } = instance
    const json = JSON.stringify({
      Node: nodeView(fromAfar ? nodeFromAfar(node) : node, datacenter),
      Service: { ...nodeServiceView(fromAfar ? serviceFromAfar(service) : service), Tags: nullIfEmpty(service.tags) },
      Checks: checks.map(shownCheck),
    })
    this.#kept.set(instance, { datacenter, fromAfar, json })
    return json
  }
}

const shownCheck = (check: Check) => ({ ...checkView(check), ServiceTags: nullIfEmpty(check.serviceTags) })

const nullIfEmpty = (list: readonly string[]): readonly string[] | null => list.length === 0 ? null : list
