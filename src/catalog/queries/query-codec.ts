import { isObject } from '../../common/plain-data.js'
import type { Entry } from '../../store/index.js'
import { bytes, parse, revisionsOf, text } from '../fields.js'
import { readServiceQuery } from './service-query.js'
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
  return {
    id: text(fields.id),
    name: text(fields.name),
    session: text(fields.session),
    token: text(fields.token),
    template: {
      type: text(template.type),
      regexp: text(template.regexp),
      removeEmptyTags: template.removeEmptyTags === true,
    },
    service: readServiceQuery(fields.service),
    ttl: text(fields.ttl),
    ...revisionsOf(entry),
  }
}
