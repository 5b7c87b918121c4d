import type { Session } from '../../catalog/index.js'

const nanoseconds = 1e6

/**
 * A session as `/v1/session/*` shows it. `Checks` is the older form of NodeChecks and ServiceChecks, and only there
 * when it was used.
 */
export const sessionView = (session: Session) => ({
  ID: session.id,
  Name: session.name,
  Node: session.node,
  LockDelay: Math.round(session.lockDelay * nanoseconds),
  Behavior: session.behavior,
  TTL: session.ttl,
  NodeChecks: session.nodeChecks,
  ServiceChecks:
    session.serviceChecks.length === 0 ? null : session.serviceChecks.map(id => ({ ID: id, Namespace: '' })),
  ...(session.checks.length > 0 && { Checks: session.checks }),
  CreateIndex: session.created,
  ModifyIndex: session.modified,
})
