import type { Clock } from '../common/clock.js'
import type { Logger, Metrics } from '../telemetry/index.js'

/** What an etcd child is built on. */
export interface EtcdProcessOptions {
  /** The program; a bare name is looked up on PATH. */
  readonly program: string
  /** Absolute, its own: data, log and client socket lie in it. Made with mode 0700 where it is missing. */
  readonly directory: string
  /** Name of the member: the node id. */
  readonly name: string
  /** Where peers are listened to; may be a wildcard. */
  readonly bindAddress: string
  /** Where the others reach it; never a wildcard. */
  readonly advertiseAddress: string
  readonly port: number
  /** Space quota in bytes. */
  readonly quotaBytes: number
  /** Consul's `performance.raft_multiplier`, 1 to 10: how patient Raft is. */
  readonly raftMultiplier: number
  readonly log: Logger
  readonly clock: Clock
  readonly metrics: Metrics
}
