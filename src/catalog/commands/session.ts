import { formatDuration, milliseconds, parseDuration } from '../../common/duration.js'
import type { Duration } from '../../common/duration.js'
import { MusterError } from '../../common/errors.js'
import type { Command } from '../api.js'
import { nodeSessionKey, sessionKey } from '../keys.js'
import { encodeSession } from '../sessions/session-codec.js'
import { uuidFault } from '../uuid-fault.js'
import { checksOf } from '../sessions/types.js'
import type { SessionBehavior, SessionData } from '../sessions/types.js'
import { drafted } from './draft.js'
import { endSession } from './end-session.js'

/** What a new session is to be. `behavior` is what the client wrote, '' for the default. */
export interface SessionRequest extends Omit<SessionData, 'behavior'> {
  readonly behavior: string
}

/** Longest TTL of a session, as in Consul. */
const maxTtl = milliseconds(24 * 3_600_000)

const nothing = new Uint8Array(0)

/**
 * Creates a session on a node that is there, and on checks that are there and not critical. The result is its id.
 * Refused with SESSION_INVALID, in Consul's words.
 * @param minTtl what `session_ttl_min` says
 */
export const createSession = (request: SessionRequest, minTtl: Duration): Command<string> =>
  drafted(draft => {
    if (request.node === '') throw invalid('Must provide Node')
    const behavior = behaviorOf(request.behavior)
    assertTtl(request.ttl, minTtl)
    const node = draft.nodeNamed(request.node)
    if (node === undefined) throw invalid('apply failed: Missing node registration')
    draft.requireNode(node.node)
    for (const id of checksOf(request)) {
      const check = draft.state.checks.get(node.node, id)
      if (check === undefined) throw invalid(`apply failed: Missing check '${id}' registration`)
      if (check.status === 'critical') throw invalid(`apply failed: Check '${id}' is in critical state`)
      draft.relyOn(check)
    }
    const session: SessionData = { ...request, node: node.node, behavior }
    draft.put(sessionKey(session.id), encodeSession(session))
    draft.put(nodeSessionKey(node.node, session.id), nothing)
    return session.id
  })

/** Ends a session, if `still` says so when it comes to it. The result tells whether there was one. */
export const destroySession = (id: string, still: () => boolean = () => true): Command<boolean> =>
  drafted(draft => {
    const session = draft.state.sessions.get(id)
    if (session === undefined || !still()) return false
    endSession(draft, session)
    return true
  })

/** @throws MusterError SESSION_INVALID when a text cannot be a session's id. */
export function assertSessionId(id: string): void {
  const fault = uuidFault(id)
  if (fault !== undefined) throw invalid(`failed session lookup: ${fault}`)
}

function behaviorOf(written: string): SessionBehavior {
  if (written === '') return 'release'
  if (written !== 'release' && written !== 'delete') throw invalid(`Invalid Behavior setting '${written}'`)
  return written
}

function assertTtl(written: string, minTtl: Duration): void {
  if (written === '') return
  const ttl = parseDuration(written)
  if (ttl === undefined)
    throw invalid(`Session TTL '${written}' invalid: time: invalid duration ${JSON.stringify(written)}`)
  if (ttl === 0 || (ttl >= minTtl && ttl <= maxTtl)) return
  throw invalid(
    `Invalid Session TTL '${Math.round(ttl * 1e6)}', must be between [${formatDuration(minTtl)}=${formatDuration(maxTtl)}]`,
  )
}

const invalid = (message: string): MusterError => new MusterError('SESSION_INVALID', message)
