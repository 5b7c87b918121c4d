import type { EtcdStatus, Revision } from '../store/index.js'

/**
 * What is done about the size of a database. `compact`: values that were replaced before this revision are forgotten.
 */
export type HistoryStep =
  { readonly do: 'compact'; readonly revision: Revision } | { readonly do: 'defragment' } | { readonly do: 'disarm' }

/** One look at etcd. `at`: monotonic milliseconds; `leads`: it is the leader's own process. */
export interface HistoryLook extends Pick<EtcdStatus, 'revision' | 'size' | 'inUse' | 'alarms'> {
  readonly at: number
  readonly leads: boolean
}

interface Seen {
  readonly at: number
  readonly revision: Revision
  /** Bytes that have come into use since the first look, whatever has become of them. */
  readonly grown: number
}

/** What is remembered from look to look. */
export interface HistoryState {
  readonly quota: number
  readonly inUse: number | undefined
  /** Looks of the last seconds, the oldest first. */
  readonly seen: readonly Seen[]
  /** The look up to whose revision was compacted last, and when. */
  readonly compacted: (Seen & { readonly done: number }) | undefined
  readonly defragmented: { readonly at: number; readonly revision: Revision } | undefined
}

/**
 * Parts of the quota at which it is compacted: what has grown, and what is in use. Beside the leader's agent, which may
 * be gone, others do it as well, but later.
 */
const leading = { grown: 1 / 16, urgent: 1 / 2 }
const following = { grown: 1 / 8, urgent: 5 / 8 }
/** Parts of the quota: in use, when rewriting is worth while; and of the file, when writes may go on. */
const share = { worthDefragmenting: 2 / 3, safe: 3 / 4 }
/** Milliseconds. A watch is seconds behind at most; one that is further loads afresh. */
const time = { margin: 10_000, urgentAgain: 10_000, defragmentAgain: 20_000 }

/** Before the first look. */
export const beginHistory = (quota: number): HistoryState => ({
  quota,
  inUse: undefined,
  seen: [],
  compacted: undefined,
  defragmented: undefined,
})

/** What a look at etcd calls for, and what to remember of it. */
export function considerHistory(
  before: HistoryState,
  look: HistoryLook,
): { readonly state: HistoryState; readonly step: HistoryStep | undefined } {
  const { quota, compacted, defragmented } = before
  const { at, inUse, size, revision } = look
  const now: Seen = {
    at,
    revision,
    grown: (before.seen.at(-1)?.grown ?? 0) + Math.max(0, inUse - (before.inUse ?? inUse)),
  }
  const aged = before.seen.findLastIndex(one => at - one.at >= time.margin)
  const seen = [...before.seen.slice(Math.max(0, aged)), now]
  const state: HistoryState = { ...before, seen, inUse }
  const compact = (to: Seen): ReturnType<typeof considerHistory> => ({
    state: { ...state, compacted: { ...to, done: at } },
    step: { do: 'compact', revision: to.revision },
  })

  const limits = look.leads ? leading : following
  const isFull = look.alarms.includes('NOSPACE')
  if (isFull && size < quota * share.safe) return { state, step: { do: 'disarm' } }
  const isUrgent = isFull || inUse > quota * limits.urgent
  if (
    isUrgent
    && (compacted === undefined || (at - compacted.done >= time.urgentAgain && revision > compacted.revision))
  )
    return compact(now)
  // etcd updates the size in use only with the next write, and a full database accepts deletions only. So defragment a
  // full one even if little seems to be free, but not twice at one revision.
  const isWorth = inUse < quota * share.worthDefragmenting || revision > (defragmented?.revision ?? 0)
  if (isFull && isWorth && (defragmented === undefined || at - defragmented.at >= time.defragmentAgain)) {
    return { state: { ...state, defragmented: { at, revision } }, step: { do: 'defragment' } }
  }

  const [oldest = now] = seen
  const isOld = at - oldest.at >= time.margin && oldest.revision > (compacted?.revision ?? 0)
  const grown = oldest.grown - (compacted?.grown ?? 0)
  return isOld && grown > quota * limits.grown ? compact(oldest) : { state, step: undefined }
}
