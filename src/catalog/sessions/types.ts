import type { Duration } from '../../common/duration.js'
import type { Revisions } from '../types.js'

/** What becomes of the keys that a session holds when it ends. */
export type SessionBehavior = 'release' | 'delete'

/**
 * A session as a write gives it, bound to a node. `ttl` is kept as it was written (`60s`), '' for none. `nodeChecks`,
 * `serviceChecks` and `checks` (an older form of the two) are ids of checks of the node that must not be critical;
 * `lockDelay` is shown as it was given, and applied up to a minute.
 */
export interface SessionData {
  readonly id: string
  readonly name: string
  readonly node: string
  readonly lockDelay: Duration
  readonly behavior: SessionBehavior
  readonly ttl: string
  readonly nodeChecks: readonly string[]
  readonly serviceChecks: readonly string[]
  readonly checks: readonly string[]
}

/** A session in the catalog's memory. It never changes: it comes and it goes. */
export interface Session extends SessionData, Revisions {}

/** Told of sessions as they come and go. */
export interface SessionFollower {
  appeared(session: Session): void
  gone(id: string): void
  /** Somebody asked for the session to live on. */
  renewed(id: string): void
}

/** The ids of all checks that a session depends on. */
export const checksOf = ({
  nodeChecks,
  serviceChecks,
  checks,
}: Pick<SessionData, 'nodeChecks' | 'serviceChecks' | 'checks'>): ReadonlySet<string> =>
  new Set([...nodeChecks, ...serviceChecks, ...checks])
