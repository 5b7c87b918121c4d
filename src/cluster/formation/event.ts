import type { JobName } from './action.js'
import type { Position } from './position.js'
import type { SurvivingServer } from './recovery-file.js'

/** What a server finds when it starts. */
export interface Disk {
  /** Whether there is the data of an etcd member. */
  readonly hasData: boolean
  /** The servers that `raft/peers.json` says are left; undefined without such a file. */
  readonly listed: readonly SurvivingServer[] | undefined
  /** The cluster that its record says it is a voter of. */
  readonly cluster: string | undefined
  /** It has enough promises to found a cluster. */
  readonly decided: boolean
  /** The cluster knows it by another address than its present one. */
  readonly moved: boolean
}

/** What jobs come to. `at`: monotonic ms. */
export type Outcome =
  | { readonly type: 'disk-read'; readonly disk: Disk }
  /** It goes on after `raft/peers.json`: alone, or since there is a quorum. */
  | { readonly type: 'recovered'; readonly cluster: string; readonly at: number }
  /** Another server went on. */
  | { readonly type: 'superseded' }
  | { readonly type: 'address-announced' }
  | { readonly type: 'resumed'; readonly at: number }
  /** It cannot go on as the member that it was. */
  | { readonly type: 'unusable'; readonly reason: string }
  | { readonly type: 'nothing-found' }
  | { readonly type: 'may-found' }
  /** A server of a cluster answers. */
  | { readonly type: 'cluster-found'; readonly through: string; readonly token: string }
  | { readonly type: 'founded'; readonly cluster: string; readonly at: number }
  /** It votes. */
  | { readonly type: 'entered'; readonly cluster: string; readonly at: number }
  | { readonly type: 'not-entered' }
  | { readonly type: 'tended'; readonly at: number }
  | { readonly type: 'paused' }
  | { readonly type: 'cleared' }
  | { readonly type: 'departed' }
  | { readonly type: 'place-given-back' }
  | { readonly type: 'farewell-said' }
  | { readonly type: 'etcd-stopped' }
  | { readonly type: 'failed'; readonly job: JobName; readonly error: unknown }

/** What happens: jobs end, or get so far; somebody wants the server to leave or to stop. */
export type Event =
  | Outcome
  | { readonly type: 'position-known'; readonly position: Position }
  | { readonly type: 'leave' }
  | { readonly type: 'close' }

export type EventOf<Type extends Event['type']> = Extract<Event, { readonly type: Type }>
