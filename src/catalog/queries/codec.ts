import type { Entry } from '../../store/index.js'
import { bytes, isObject, list, number, parse, text, texts } from '../fields.js'
import type { PreparedQuery, QueryData } from './types.js'

/** Bytes of a prepared query. */
export function encodeQuery(data: QueryData): Uint8Array {
  const { id, name, session, token, template, service, ttl } = data
  return bytes({ id, name, session, token, template, service, ttl })
}

/** The prepared query of an entry. @throws MusterError CATALOG_UNREADABLE */
export function decodeQuery(entry: Entry): PreparedQuery {
  const fields = parse(entry)
  const template = isObject(fields.template) ? fields.template : {}
  const service = isObject(fields.service) ? fields.service : {}
  const failover = isObject(service.failover) ? service.failover : {}
  return {
    id: text(fields.id),
    name: text(fields.name),
    session: text(fields.session),
    token: text(fields.token),
    template: { type: text(template.type), regexp: text(template.regexp), removeEmptyTags: template.removeEmptyTags === true },
    service: {
      service: text(service.service),
      failover: { nearestN: number(failover.nearestN, 0), datacenters: listOrNull(failover.datacenters) },
      onlyPassing: service.onlyPassing === true,
      ignoreCheckIds: listOrNull(service.ignoreCheckIds),
      near: text(service.near),
      tags: listOrNull(service.tags),
      nodeMeta: texts(service.nodeMeta),
      serviceMeta: texts(service.serviceMeta),
      connect: service.connect === true,
    },
    ttl: text(fields.ttl),
    created: entry.created,
    modified: entry.modified,
  }
}

const listOrNull = (value: unknown): readonly string[] | null => Array.isArray(value) ? list(value) : null
