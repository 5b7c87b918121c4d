import { milliseconds } from '../../common/duration.js'
import type { Entry } from '../../store/index.js'
import { bytes, list, number, parse, revisionsOf, text } from '../fields.js'
import type { Session, SessionData } from './types.js'

/** Bytes of a session. */
export function encodeSession(data: SessionData): Uint8Array {
  const { id, name, node, lockDelay, behavior, ttl, nodeChecks, serviceChecks, checks } = data
  return bytes({ id, name, node, lockDelay, behavior, ttl, nodeChecks, serviceChecks, checks })
}

/** The session of an entry. @throws MusterError CATALOG_UNREADABLE */
export function decodeSession(entry: Entry): Session {
  const fields = parse(entry)
  return {
    id: text(fields.id),
    name: text(fields.name),
    node: text(fields.node),
    lockDelay: milliseconds(number(fields.lockDelay, 0)),
    behavior: fields.behavior === 'delete' ? 'delete' : 'release',
    ttl: text(fields.ttl),
    nodeChecks: list(fields.nodeChecks),
    serviceChecks: list(fields.serviceChecks),
    checks: list(fields.checks),
    ...revisionsOf(entry),
  }
}
