import { isObject, type Fields } from '../../common/plain-data.js'
import { revision, type Entry } from '../../store/index.js'
import { bytes, number, parse, text } from '../fields.js'
import type { Revisions } from '../types.js'
import type { EventData, UserEvent } from './types.js'

/** Bytes of an event. */
export const encodeEvent = ({ id, name, payload, nodeFilter, serviceFilter, tagFilter }: EventData): Uint8Array =>
  bytes({ id, name, payload, nodeFilter, serviceFilter, tagFilter })

/** The event of an entry. @throws MusterError CATALOG_UNREADABLE */
export const decodeEvent = (entry: Entry): UserEvent => eventOf(parse(entry), entry)

/** Events as a server sends them. Invalid ones are left out. */
export const readEvents = (value: unknown): readonly UserEvent[] =>
  Array.isArray(value)
    ? value
        .filter(isObject)
        .filter(({ id, name }) => typeof id === 'string' && typeof name === 'string')
        .map(fields =>
          eventOf(fields, {
            created: revision(number(fields.created, 1)),
            modified: revision(number(fields.modified, 1)),
          }),
        )
    : []

const eventOf = (fields: Fields, { created, modified }: Revisions): UserEvent => ({
  id: text(fields.id),
  name: text(fields.name),
  payload: text(fields.payload),
  nodeFilter: text(fields.nodeFilter),
  serviceFilter: text(fields.serviceFilter),
  tagFilter: text(fields.tagFilter),
  created,
  modified,
})
