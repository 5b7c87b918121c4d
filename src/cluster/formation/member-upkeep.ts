import { noteAddress } from './announce-address.js'
import { wasRemoved } from './enter-cluster.js'
import type { Outcome } from './event.js'
import type { MemberLife } from './member-life.js'
import { isReplaceable } from './resume.js'

/** ms for which a server that is no member, and is silent, is remembered. */
const strangerTimeoutMs = 60_000

/** What a member does again and again: it greets the others, and looks whether it is a member still. */
export async function tend(life: MemberLife, since: number): Promise<Outcome> {
  const { contacts, member, clock, signal, process } = life
  await contacts.round(signal)
  noteAddress(life)
  const { status } = member
  if (await isReplaceable(life)) return { type: 'unusable', reason: 'its data is damaged' }
  if (process.state === 'removed') return { type: 'unusable', reason: 'the cluster has removed it' }
  if (status !== undefined && member.leader.address === '' && (await wasRemoved(life, status)))
    return { type: 'unusable', reason: 'it is no member of the cluster any more' }
  if (member.leader.address !== '' && clock.monotonic() - since >= strangerTimeoutMs) forgetStrangers(life)
  return { type: 'tended', at: clock.monotonic() }
}

/** Servers that are no members and have been silent for long are gone. */
function forgetStrangers({ contacts, member }: Pick<MemberLife, 'contacts' | 'member'>): void {
  for (const { id } of contacts.others()) {
    const isMember = member.members.some(({ name }) => name === id)
    if (!isMember && (contacts.silence(id) ?? 0) > strangerTimeoutMs) contacts.forget(id)
  }
}
