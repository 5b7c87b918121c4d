import type { Position } from './position.js'

/** Where a server stands on its way into a cluster, in it, and out of it. */
export type State =
  /** It reads what it finds on its disk. */
  | { readonly phase: 'starting' }
  /** It follows `raft/peers.json`; `position`: how far its own log goes, once that is known. */
  | { readonly phase: 'recovering'; readonly position: Position | undefined }
  /** It tells the others its new address, before its etcd starts. `cluster` as in `resuming`. */
  | { readonly phase: 'moving'; readonly cluster: string | undefined }
  /** Its etcd starts from its own data. `cluster`: the one that it is a voter of; undefined: it has not voted yet. */
  | { readonly phase: 'resuming'; readonly cluster: string | undefined }
  /** It looks for others. */
  | { readonly phase: 'searching' }
  /** It founds a cluster: enough others have promised. */
  | { readonly phase: 'founding' }
  /** It enters the cluster of another server. `token` stands for this attempt alone. */
  | { readonly phase: 'entering'; readonly token: string }
  /** It has had a place in Raft since before it was started, and no vote yet. */
  | { readonly phase: 'awaiting-vote' }
  /**
   * Its data is of no use any more and is moved aside. `atStart`: its start has not ended yet, which fails with this;
   * `recovered`: this is what following `raft/peers.json` has come to.
   */
  | { readonly phase: 'clearing'; readonly atStart: boolean; readonly recovered: boolean }
  /** It is a voter, since `since` (monotonic ms). */
  | { readonly phase: 'serving'; readonly cluster: string; readonly since: number }
  /** It is a voter that asks to be taken out of Raft. */
  | { readonly phase: 'departing'; readonly cluster: string; readonly since: number }
  /** It leaves, step by step; `ending` until what was under way before has ended. */
  | { readonly phase: 'leaving'; readonly step: 'ending' | 'giving-back' | 'saying-farewell' | 'clearing' }
  | { readonly phase: 'left' }
  /** Its start has failed: it must not go on. */
  | { readonly phase: 'halted' }
  /** It stops, as what it was. First what was under way has to end, then etcd. */
  | { readonly phase: 'closing'; readonly was: State; readonly awaits: 'job' | 'etcd' }
  | { readonly phase: 'closed'; readonly was: State }

export type Phase = State['phase']
export type StateOf<Name extends Phase> = Extract<State, { readonly phase: Name }>

/** The phase as others are told of it, and as it is logged. */
export type ShownPhase = 'waiting' | 'forming' | 'entering' | 'member' | 'left'

const shown = {
  'starting': 'waiting',
  'recovering': 'forming',
  'moving': 'waiting',
  'resuming': 'waiting',
  'searching': 'waiting',
  'founding': 'forming',
  'entering': 'entering',
  'awaiting-vote': 'entering',
  'clearing': 'waiting',
  'serving': 'member',
  'departing': 'member',
  'leaving': 'left',
  'left': 'left',
  'halted': 'waiting',
} as const satisfies Record<Exclude<Phase, 'closing' | 'closed'>, ShownPhase>

/** The state as others see it. A stopping server keeps its former state until it ends. */
export const shownPhase = (state: State): ShownPhase =>
  state.phase === 'closing' || state.phase === 'closed' ? shownPhase(state.was) : shown[state.phase]

/** The cluster that it is a voter of, undefined while it is none in its own eyes. */
export const clusterOf = (state: State): string | undefined =>
  state.phase === 'serving' || state.phase === 'departing'
    ? state.cluster
    : state.phase === 'closing' || state.phase === 'closed'
      ? clusterOf(state.was)
      : undefined
