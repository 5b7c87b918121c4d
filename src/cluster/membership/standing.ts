import { Shape } from '../../rpc/index.js'
import type { FormationState } from '../formation/types.js'
import type { ClusterStanding, Unheard } from '../types.js'

/**
 * Milliseconds that a majority may be silent before this server counts as cut off: two questions a second apart, and
 * time for their answers.
 */
const maxSilenceMs = 4000

/** What a server among others knows of its place at one moment. */
export interface ServerFacts {
  /** Where it stands among servers that run an etcd each; undefined on an etcd of someone else's. */
  readonly state: FormationState | undefined
  /** Whether it knows a leader. */
  readonly led: boolean
  /** Milliseconds since a majority answered it last; undefined: never in this run. */
  readonly silence: number | undefined
  readonly loaded: boolean
  /** Whether the etcd takes no writes because its space is used up. */
  readonly full: boolean
  /** The wall clock, in ms. */
  readonly now: number
  /** Ids of the agents that answered it directly within the last seconds. */
  readonly heard: readonly string[]
}

/**
 * How a server among others stands: whether what is written through it would be answered, and if not why, and what to
 * do.
 */
export function serverStanding(facts: ServerFacts): ClusterStanding {
  const { state, loaded, full, heard, silence, now } = facts
  const at = {
    writable: false,
    serving: loaded,
    heard,
    ...(silence !== undefined && { since: now - silence }),
  } as const
  if (state?.phase === 'waiting') {
    return {
      ...at,
      reason: `the cluster has not formed: ${state.known.length} of the ${state.expect} servers that bootstrap_expect waits for are known`,
      hint: 'start the other servers, and name one of them to each with -retry-join or "muster join"',
    }
  }
  if (state?.phase === 'forming' || state?.phase === 'entering')
    return {
      ...at,
      reason: 'this server is becoming part of the cluster',
      hint: 'wait for it; its log says what holds it up',
    }
  if (state?.phase === 'left')
    return {
      ...at,
      reason: 'this server has left the cluster',
      hint: 'start it with -rejoin to make it a member again',
    }
  if (!seesQuorum(facts)) {
    const last =
      silence === undefined
        ? 'has not answered since the start of this agent'
        : `was last heard ${timeOf(now - silence)}`
    const majority = state === undefined ? 'the etcd' : 'a majority of the servers'
    return {
      ...at,
      reason: `there is no leader: ${majority} ${last}`,
      hint:
        state === undefined
          ? 'see whether store.etcd.endpoints can be reached and have a leader'
          : 'start the servers that are down, or mend the network between them: "muster operator raft list-peers -stale" lists them',
    }
  }
  if (!loaded) return { ...at, reason: 'the catalog is being loaded', hint: 'wait for it' }
  if (full)
    return {
      ...at,
      reason: 'etcd takes no writes because its space quota is used up',
      hint: 'delete keys, or raise store.etcd.quota; the log has what the agent does about it',
    }
  return { writable: true }
}

/** Since when no majority was heard; undefined while one is. */
export function serverUnheard(facts: ServerFacts): Unheard | undefined {
  const { state, silence, now, heard } = facts
  if ((state !== undefined && state.phase !== 'member') || seesQuorum(facts)) return undefined
  return { ...(silence !== undefined && { since: now - silence }), heard }
}

const seesQuorum = ({ led, silence }: ServerFacts): boolean => led && silence !== undefined && silence < maxSilenceMs

const timeOf = (ms: number): string => new Date(ms).toISOString()

/** Reads a server's answer to `member/standing`. @throws MusterError CLUSTER_MESSAGE */
export function readStanding(body: unknown): ClusterStanding {
  const read = new Shape(body, 'the standing of a server')
  if (read.flag('writable')) return { writable: true }
  return {
    writable: false,
    serving: read.flag('serving'),
    reason: read.text('reason'),
    hint: read.text('hint'),
    heard: read.list('heard', 64, String),
    ...(read.has('since') && { since: read.number('since') }),
  }
}
