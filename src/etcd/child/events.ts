import type { FoundEtcd } from '../etcd-processes.js'
import type { EtcdLine } from '../log-line.js'
import type { EtcdStart } from '../types.js'
import type { ChildProcess } from './phases.js'

/**
 * What happens to an etcd child: what is asked of it, and the outcomes of its actions. `at` is monotonic milliseconds;
 * `question` the number of the question that is answered.
 */
export type ChildEvent =
  | { readonly on: 'start'; readonly start: EtcdStart }
  | { readonly on: 'stop' }
  /** Program, lock and log are in order; `found` are the etcds that work on the directory. */
  | { readonly on: 'opened'; readonly found: readonly FoundEtcd[] }
  | { readonly on: 'adopted' }
  /** The etcd that was found runs otherwise than wanted. */
  | { readonly on: 'not-adopted' }
  /** The etcd that is to be ended was told the new address, or cannot be told. */
  | { readonly on: 'announced' }
  | { readonly on: 'launched'; readonly child: ChildProcess; readonly at: number }
  /** `open`, `adopt` or `launch` has failed. `hasData`: the directory holds a member's data. */
  | { readonly on: 'failed'; readonly error: unknown; readonly hasData: boolean }
  | ({ readonly on: 'exited'; readonly at: number } & ExitFacts)
  | { readonly on: 'checked'; readonly question: number; readonly isUp: boolean; readonly at: number }
  | { readonly on: 'check-failed'; readonly question: number; readonly error: unknown }
  | { readonly on: 'answered'; readonly question: number; readonly serves: boolean }
  /** The directory is not the one any more that was locked. */
  | { readonly on: 'displaced'; readonly question: number }
  /** `isSettled`: the cluster knows this member's address, and no other member has moved. */
  | { readonly on: 'looked'; readonly question: number; readonly isSettled: boolean }
  /** `needsBridge`: members were read, and some are reached only with help. */
  | { readonly on: 'peers-read'; readonly question: number; readonly needsBridge: boolean }
  /** A member is known to have moved, and etcd was started without the means to reach it. */
  | { readonly on: 'bridge-needed' }
  | { readonly on: 'timer' }

/** What is known of the end of a process. */
export interface ExitFacts {
  /** Neither is known of a process that is not our child. */
  readonly code?: number
  readonly signal?: string
  /** The last lines of its log. */
  readonly lines: readonly EtcdLine[]
  /** Whether its disk has too little room now. */
  readonly lacksRoom: boolean
  /** Whether its directory is still the one that was locked. */
  readonly isInPlace: boolean
}

export type EventOf<On extends ChildEvent['on']> = Extract<ChildEvent, { readonly on: On }>
