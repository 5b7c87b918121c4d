import type { QueryData } from '../../catalog/index.js'
import { boolean, decodeBody, integer, list, map, object, string } from './decode.js'

const body = object({
  ID: string,
  Name: string,
  Session: string,
  Token: string,
  Template: object({ Type: string, Regexp: string, RemoveEmptyTags: boolean }),
  Service: object({
    Service: string,
    Failover: object({ NearestN: integer, Datacenters: list(string) }),
    OnlyPassing: boolean,
    IgnoreCheckIDs: list(string),
    Near: string,
    Tags: list(string),
    NodeMeta: map(string),
    ServiceMeta: map(string),
    Connect: boolean,
  }),
  DNS: object({ TTL: string }),
  CreateIndex: integer,
  ModifyIndex: integer,
})

/** A prepared query from a request's body. `id` is what the body says, '' when nothing. @throws MusterError 400 */
export function readQuery(bytes: Buffer): QueryData {
  const given = decodeBody(bytes, body)
  const { Template: template = {}, Service: service = {}, DNS: dns = {} } = given
  const failover = service.Failover ?? {}
  return {
    id: given.ID ?? '',
    name: given.Name ?? '',
    session: given.Session ?? '',
    token: given.Token ?? '',
    template: {
      type: template.Type ?? '',
      regexp: template.Regexp ?? '',
      removeEmptyTags: template.RemoveEmptyTags ?? false,
    },
    service: {
      service: service.Service ?? '',
      failover: { nearestN: failover.NearestN ?? 0, datacenters: failover.Datacenters ?? null },
      onlyPassing: service.OnlyPassing ?? false,
      ignoreCheckIds: service.IgnoreCheckIDs ?? null,
      near: service.Near ?? '',
      tags: service.Tags ?? null,
      nodeMeta: service.NodeMeta ?? null,
      serviceMeta: service.ServiceMeta ?? null,
      connect: service.Connect ?? false,
    },
    ttl: dns.TTL ?? '',
  }
}
