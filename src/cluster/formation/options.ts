import type { Clock } from '../../common/clock.js'
import type { MusterError } from '../../common/errors.js'
import type { EtcdConnection, Snapshot, Store } from '../../store/index.js'
import type { Logger } from '../../telemetry/index.js'
import type { ConfigurationStore } from './autopilot/index.js'
import type { EtcdProcess } from '../../etcd/index.js'
import type { RpcClient, RpcServer } from '../../rpc/index.js'
import type { MemberStatus, ServerInfo } from '../types.js'
import type { FormationFiles } from './files.js'
import type { RetryJoin } from '../join.js'

/** Everything a server among servers is built on. */
export interface FormationOptions {
  readonly self: ServerInfo
  readonly dataDir: string
  /** The files in it, unless they are the system's. */
  readonly files?: FormationFiles
  /** How many servers have to know each other before they found a cluster; 0: this one only enters. */
  readonly expect: number
  /** The etcd member of this server. */
  readonly process: EtcdProcess
  /** Opens the store over a connection to etcd. */
  readonly openStore: (connection: EtcdConnection) => Store | Promise<Store>
  /** Joined once; when none of them answers, `started` rejects. */
  readonly startJoin: readonly string[]
  readonly retryJoin: RetryJoin
  /** The attempts of `retryJoin` are used up: the agent has to end with this error. */
  readonly onJoinExhausted: (error: MusterError) => void
  /** Whether a server that left looks for its former fellows when it starts again. */
  readonly rejoinAfterLeave: boolean
  readonly server: Pick<RpcServer, 'handle'>
  readonly client: Pick<RpcClient, 'call'>
  readonly clock: Clock
  readonly log: Logger
  readonly configuration: ConfigurationStore
  /** As membership sees a server; undefined while it does not know. */
  readonly memberStatus?: (id: string) => MemberStatus | undefined
  /** Given when this server has kept a catalog alone until now: the founder writes it into the fresh cluster. */
  readonly importFrom?: () => Promise<Snapshot | undefined>
  /**
   * The catalog is in the cluster: what it came from may be moved aside. Called again after a crash; it may be gone
   * already.
   */
  readonly importDone?: () => Promise<void>
  /** Whether the etcd at a Raft address `ip:port` answers; it is asked over the network unless given. */
  readonly etcdAnswers?: (address: string) => Promise<boolean>
  /** ms that a request waits for a leader. */
  readonly holdTimeout: number
  /** A text never used before. */
  readonly newToken?: () => string
  /** IPs of a host name; the system's resolver unless given. */
  readonly resolve?: (host: string) => Promise<readonly string[]>
}
