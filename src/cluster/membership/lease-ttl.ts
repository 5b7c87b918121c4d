import { milliseconds, type Duration } from '../../common/duration.js'

/** How long a member of a small cluster may be silent. */
const minTtlMs = 8000
/** Up to this many members heartbeats cost nothing that counts. */
const plenty = 128

/**
 * How long a member's lease lives without a heartbeat: longer in large clusters, by a step for each doubling, so that
 * the servers' work grows with the logarithm of the members and not with their number.
 */
export const leaseTtl = (members: number): Duration =>
  milliseconds(members <= plenty ? minTtlMs : minTtlMs * (Math.ceil(Math.log2(members / plenty)) + 1))

/** How often a member speaks up: two heartbeats may get lost. */
export const heartbeatInterval = (ttl: Duration): Duration => milliseconds(ttl / 3)
