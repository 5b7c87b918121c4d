import type { FoundEtcd } from '../etcd-processes.js'
import type { ExitCause } from '../exit-cause.js'
import type { EtcdLine } from '../log-line.js'
import type { EtcdStart } from '../types.js'
import type { ChildProcess } from './phases.js'

/** What an etcd child does. Each action that takes time is answered by one event. */
export type ChildAction =
  /** Answered by `opened` or `failed`. */
  | { readonly do: 'open' }
  /** Answered by `adopted`, `not-adopted` or `failed`. */
  | { readonly do: 'adopt'; readonly found: FoundEtcd }
  /** Answered by `announced`. */
  | { readonly do: 'announce'; readonly found: FoundEtcd }
  /** Answered by `launched`, and later by `exited`; or by `failed`. */
  | { readonly do: 'launch'; readonly start: EtcdStart }
  /** For a process that is not our child. Answered by `exited`. */
  | { readonly do: 'await-exit'; readonly child: ChildProcess }
  | { readonly do: 'signal'; readonly child: ChildProcess; readonly signal: 'SIGTERM' | 'SIGKILL' }
  | ({ readonly do: 'ask'; readonly question: number } & Question)
  /** Answered by `timer`. Takes the place of a timer that was started before. */
  | { readonly do: 'start-timer'; readonly ms: number }
  | { readonly do: 'cancel-timer' }
  /** Gives up the lock, the log and what helps to reach servers that have moved. */
  | { readonly do: 'release' }
  | { readonly do: 'count-restart' }
  | { readonly do: 'report'; readonly report: Report }
  /** Answers whoever asked for a start. */
  | { readonly do: 'answer-start'; readonly failure: StartFailure | undefined }
  /** Answers all who asked for a stop. */
  | { readonly do: 'answer-stop' }

/** A question to etcd. Its answer counts only as long as no other was asked after it. */
export type Question =
  /** Do its peers or clients get answers? Answered by `checked` or `check-failed`. */
  | { readonly about: 'rising'; readonly child: ChildProcess }
  /** Is its directory in place, and does it serve clients? Answered by `displaced` or `answered`. */
  | { readonly about: 'serving' }
  /** Who are its members, and do they know its address? Answered by `looked`. */
  | { readonly about: 'members' }
  /** Who are the members, by its peer port? Answered by `peers-read`. */
  | { readonly about: 'peers' }

/** What goes to the agent's log. */
export type Report =
  | { readonly what: 'replaced'; readonly pid: number }
  | { readonly what: 'removed' }
  | { readonly what: 'given-up'; readonly cause: ExitCause; readonly lines: readonly EtcdLine[] }
  | {
      readonly what: 'crashed'
      readonly cause: ExitCause
      readonly lines: readonly EtcdLine[]
      readonly delayMs: number
    }
  | { readonly what: 'not-launched'; readonly error: unknown }

/** Why a first start came to nothing. */
export type StartFailure =
  | { readonly why: 'exited'; readonly cause: ExitCause }
  | { readonly why: 'error'; readonly error: unknown }
  | { readonly why: 'stopped' }
