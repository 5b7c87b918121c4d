import { errorMessage } from '../../common/errors.js'
import { lanAddress } from '../addresses.js'
import { pause } from '../../common/pause.js'
import type { MemberLife } from './member-life.js'
import { methods } from '../server-messages.js'

/** Milliseconds: how long the others are asked to note a new address before etcd starts with what it knows. */
const timingMs = { announce: 1500, call: 2000, retry: 200 }

/**
 * A server starts at another address than the cluster knows it by: while the others have a quorum they can be told
 * before its etcd starts, which is then found at once. True when they know it now.
 */
export async function announceAddress({
  self,
  process,
  contacts,
  record,
  rpc,
  clock,
  log,
  signal,
}: MemberLife): Promise<boolean> {
  const end = clock.monotonic() + timingMs.announce
  do {
    await contacts.round(signal)
    for (const { info, cluster } of contacts.answering()) {
      if (cluster === undefined || cluster !== record.facts.cluster) continue
      try {
        await rpc.call(
          lanAddress(info),
          methods.readdress,
          { id: self.id, peerUrl: process.peerUrl },
          { timeout: timingMs.call, signal },
        )
        record.set({ peerUrl: process.peerUrl })
        log.info('the cluster knows the new address', { raft: process.peerUrl, through: info.name })
        return true
      } catch (error) {
        log.debug('a server could not note the new address', { server: info.name, reason: errorMessage(error) })
      }
    }
    await pause(clock, timingMs.retry, signal)
  } while (clock.monotonic() < end && !signal.aborted)
  return false
}

/** Remembers the own address once Raft's list has it, which the own etcd's keeper sees to. */
export function noteAddress({ process, member, record }: MemberLife): void {
  const own = member.members.find(({ id }) => id === member.status?.member)
  if (own?.peerUrls.includes(process.peerUrl) === true) record.set({ peerUrl: process.peerUrl })
}
