import type { EtcdAdmin } from '../store/index.js'
import type { EntryPlace } from './wal-records.js'

/** How an etcd member comes into being. `again`: from its own data. */
export type EtcdStart =
  | { readonly how: 'found' }
  | { readonly how: 'enter'; readonly members: readonly { readonly name: string; readonly peerUrl: string }[] }
  | { readonly how: 'again' }
  /**
   * Its data becomes a cluster of this member alone, with every entry of its log: the last resort after the others are
   * lost.
   */
  | { readonly how: 'alone' }

/** What an etcd child is doing. `removed`: its cluster has removed it for good. */
export type EtcdState = 'stopped' | 'starting' | 'running' | 'restarting' | 'removed' | 'failed'

/**
 * The etcd process of a server agent: started, watched, restarted with back-off, adopted when the agent finds it
 * running, its log lines passed through the agent's log.
 */
export interface EtcdProcess {
  /** Whether the data directory holds a member's data already. */
  readonly hasData: boolean
  readonly state: EtcdState
  /** Whether it has failed because its data is damaged. */
  readonly isDamaged: boolean
  /** `unix:///...`: where its clients connect. */
  readonly endpoint: string
  /** Peer URL that it tells others. */
  readonly peerUrl: string
  readonly admin: EtcdAdmin
  /**
   * Resolves when the process is up (it may still lack a quorum). Rejects ETCD_MISSING, ETCD_TOO_OLD, ETCD_FAILED, each
   * with what to do.
   */
  start(start: EtcdStart): Promise<void>
  /** Called with each new state. */
  onState(run: (state: EtcdState) => void): void
  stop(): Promise<void>
  /**
   * Where another member is reached now, whatever its cluster knows of it: `name` is its node id, `address` `ip:port`
   * of its Raft port. May be called at any time and again; only one that differs from the stored one has an effect, and
   * only as long as there is no quorum that could be told.
   */
  relocate(name: string, address: string): void
  /**
   * The members as last seen, also before the start and without a quorum: names and stored peer URLs. Empty for a
   * server that never was a member.
   */
  readonly lastMembers: readonly KnownPeer[]
  /**
   * The last entry of Raft's log on the disk, known to be committed or not; undefined when there is none that can be
   * read.
   */
  lastEntry(): Promise<EntryPlace | undefined>
  /**
   * Moves the member's data aside (one former copy is kept), so that it can enter a cluster afresh. Only when stopped.
   */
  discard(): void
}

/**
 * A member of the own cluster as last seen. `formerUrls`, the newest last: where it was before, which a member that has
 * been away, or was stopped before it had read its log, may still believe.
 */
export interface KnownPeer {
  readonly name: string
  readonly peerUrls: readonly string[]
  readonly formerUrls?: readonly string[]
}
