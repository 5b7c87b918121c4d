import type { RecordChange } from './formation-record.js'
import type { SurvivingServer } from './recovery-file.js'
import type { ShownPhase } from './state.js'

/** What takes its time. Each ends with one event, `failed` when it rejects. */
export type Job =
  /** Finds out what there is to start from. */
  | { readonly do: 'read-disk' }
  /** Agrees with the servers that `raft/peers.json` lists who goes on alone. */
  | { readonly do: 'recover'; readonly listed: readonly SurvivingServer[] }
  /** Tells the others the new address. */
  | { readonly do: 'announce-address' }
  /** Starts etcd from its own data. */
  | { readonly do: 'resume' }
  /** Greets the others and considers what they say. */
  | { readonly do: 'search' }
  | { readonly do: 'found' }
  /** Asks a server, by its node id, for a place in its cluster, and waits for the vote. */
  | { readonly do: 'enter'; readonly through: string; readonly token: string }
  | { readonly do: 'await-vote' }
  /** What a member does again and again. */
  | { readonly do: 'tend'; readonly since: number }
  | { readonly do: 'pause'; readonly ms: number }
  /** Stops etcd and moves its data aside. */
  | { readonly do: 'clear' }
  /** Has itself taken out of Raft. */
  | { readonly do: 'depart' }
  /** Has its place in Raft taken away, when it may have one: surely, or when the record says that it was entering. */
  | { readonly do: 'give-back'; readonly when: 'always' | 'entering' }
  | { readonly do: 'say-farewell' }
  /** Waits until etcd has stopped, whatever was starting it at last. */
  | { readonly do: 'stop-etcd' }

export type JobName = Job['do']

/** What is done at once, in order. Where one throws, the state stays what it was and the job that led to it failed. */
export type Step =
  | { readonly do: 'record'; readonly change: RecordChange }
  | { readonly do: 'log'; readonly level: 'info' | 'warn'; readonly message: string; readonly fields?: LogFields }
  /** A failure that is met again and again is logged now and then. */
  | { readonly do: 'log-failure'; readonly phase: ShownPhase; readonly error: unknown }
  /** Whatever fails next is news. */
  | { readonly do: 'forget-failures' }
  /** The promises of the search are those on the disk. */
  | { readonly do: 'reset-search' }
  | { readonly do: 'delete-recovery-file' }
  /** Etcd is told where the other servers are now. */
  | { readonly do: 'tell-addresses' }
  | { readonly do: 'record-membership'; readonly cluster: string }
  /** The store that this server kept alone is moved aside, if the cluster began with it. */
  | { readonly do: 'finish-import' }
  | { readonly do: 'open-store' }
  /** Nobody has to wait for the store any more. */
  | { readonly do: 'refuse-store' }
  /** Ends what is under way, and answers no calls any more. */
  | { readonly do: 'abort' }
  /** Etcd begins to stop. */
  | { readonly do: 'begin-stop' }
  /** Whoever waits for the start, for leaving or for the end is told; with an error it has failed. */
  | { readonly do: 'answer'; readonly to: 'start' | 'leave' | 'close'; readonly error?: unknown }

/** What follows from an event: steps, then at most one job. */
export type Action = Step | { readonly do: 'run'; readonly job: Job }

type LogFields = Readonly<Record<string, unknown>>
