import type { FoundEtcd } from '../etcd-processes.js'
import type { EtcdStart, EtcdState } from '../types.js'

/** An etcd process that the child is responsible for. `isAdopted`: an agent before has started it. */
export interface ChildProcess {
  readonly pid: number
  /** When the system started it; tells it from a later process with the same id. */
  readonly started: string
  readonly isAdopted: boolean
}

/**
 * What an etcd child is doing. A process of ours runs in `rising`, `up`, `parting` and `ending` only, and may come to
 * run in `launching`, `relaunching` and `cancelling`. `shown` is what others are told meanwhile.
 */
export type Phase =
  /** No process runs and no directory is locked. `isDamaged` is kept from the previous run until the next start. */
  | { readonly kind: 'stopped'; readonly isDamaged: boolean }
  /** First start: the program's version, the lock on the directory and its log are seen to. */
  | { readonly kind: 'opening'; readonly start: EtcdStart }
  /** First start: an etcd that an agent before has left running may be what is wanted. */
  | { readonly kind: 'adopting'; readonly start: EtcdStart; readonly found: FoundEtcd }
  /** First start: the first of the etcds found is told the new address before it is ended. */
  | { readonly kind: 'announcing'; readonly start: EtcdStart; readonly found: readonly FoundEtcd[] }
  /** First start: the process is being started. */
  | { readonly kind: 'launching'; readonly start: EtcdStart }
  /** First start: the process runs; its peers or clients do not get answers yet. */
  | { readonly kind: 'rising'; readonly child: ChildProcess }
  /** Started. `hasServed`: its clients have been served since. `since`: monotonic milliseconds. */
  | {
      readonly kind: 'up'
      readonly child: ChildProcess
      readonly hasServed: boolean
      readonly since: number
      readonly backOffMs: number
    }
  /** A stop was asked for; the members are read once more before the process is ended. */
  | { readonly kind: 'parting'; readonly child: ChildProcess }
  /** The process was asked to end, and is killed when it takes too long. */
  | { readonly kind: 'ending'; readonly child: ChildProcess; readonly shown: EtcdState; readonly then: AfterEnd }
  /** It has crashed or could not be started again, and the next attempt waits. */
  | { readonly kind: 'backing-off'; readonly shown: EtcdState; readonly backOffMs: number }
  /** The process is being started again. */
  | { readonly kind: 'relaunching'; readonly shown: EtcdState; readonly backOffMs: number }
  /** A stop was asked for while a step was under way that cannot be cut short; its outcome is waited for. */
  | {
      readonly kind: 'cancelling'
      readonly shown: EtcdState
      readonly isStarting: boolean
      readonly found: readonly FoundEtcd[]
    }
  /** It has ended and is not started again by itself. */
  | { readonly kind: 'ended'; readonly as: 'failed' | 'removed'; readonly isDamaged: boolean }

/** What follows once a process that was asked to end has ended. */
export type AfterEnd =
  /** `isStarting`: somebody waits for a start, which has failed. `found`: other processes that are to be ended. */
  | { readonly do: 'stop'; readonly isStarting: boolean; readonly found: readonly FoundEtcd[] }
  /** The first start goes on; `found`: other processes that have to end before. */
  | { readonly do: 'clear'; readonly start: EtcdStart; readonly found: readonly FoundEtcd[] }
  /** The first start has failed for this reason. */
  | { readonly do: 'fail-start'; readonly error: unknown }
  /** It is started again at once, with the means to reach servers that have moved. */
  | { readonly do: 'bridge'; readonly since: number; readonly backOffMs: number }
  /** As though it had ended by itself. */
  | { readonly do: 'judge'; readonly since: number; readonly backOffMs: number }

/** Everything that decides what an etcd child does next. */
export interface ChildState {
  readonly phase: Phase
  /** How many questions were asked; only the answer to the last one counts. */
  readonly questions: number
  /** Whether the disk was too full when etcd ended last. */
  readonly diskLackedRoom: boolean
}

export const initialState: ChildState = {
  phase: { kind: 'stopped', isDamaged: false },
  questions: 0,
  diskLackedRoom: false,
}

/** The child's state as others see it. */
export function shownState(phase: Phase): EtcdState {
  switch (phase.kind) {
    case 'stopped':
      return 'stopped'
    case 'opening':
    case 'adopting':
    case 'announcing':
    case 'launching':
    case 'rising':
      return 'starting'
    case 'up':
      return phase.hasServed ? 'running' : 'starting'
    case 'parting':
      return 'running'
    case 'ending':
    case 'backing-off':
    case 'relaunching':
    case 'cancelling':
      return phase.shown
    case 'ended':
      return phase.as
  }
}
