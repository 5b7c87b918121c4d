import type { Clock } from '../../common/clock.js'
import type { EtcdAdmin, Snapshot, Store } from '../../store/index.js'
import type { Logger } from '../../telemetry/index.js'
import type { EtcdProcess } from '../../etcd/index.js'
import type { RpcClient } from '../../rpc/index.js'
import type { ServerInfo } from '../types.js'
import { pause } from '../../common/pause.js'
import type { Contacts } from './contacts.js'
import type { FormationFiles } from './files.js'
import type { FormationRecord } from './formation-record.js'
import type { OwnMember } from './own-member.js'

/** What the ways into a cluster share. */
export interface MemberLife {
  readonly self: ServerInfo
  readonly files: FormationFiles
  readonly process: EtcdProcess
  readonly admin: EtcdAdmin
  readonly member: OwnMember
  readonly contacts: Contacts
  readonly record: FormationRecord
  readonly rpc: Pick<RpcClient, 'call'>
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
  readonly newToken: () => string
  readonly openStore: () => Promise<Store>
  readonly importFrom: (() => Promise<Snapshot | undefined>) | undefined
  readonly importDone: (() => Promise<void>) | undefined
}

/** Looks at the own etcd until something holds; false when `signal` or `ms` ended it. */
export async function watchUntil(
  { member, clock, signal }: Pick<MemberLife, 'member' | 'clock' | 'signal'>,
  holds: () => boolean,
  ms = Infinity,
): Promise<boolean> {
  const end = clock.monotonic() + ms
  while (!signal.aborted) {
    await member.look()
    if (holds()) return true
    if (clock.monotonic() >= end) return false
    await pause(clock, 50, signal)
  }
  return false
}

/** Stops the own etcd, if it runs, and moves its data aside. */
export async function startOver({ process, member }: Pick<MemberLife, 'process' | 'member'>): Promise<void> {
  member.stop()
  await process.stop()
  if (process.hasData) process.discard()
}
