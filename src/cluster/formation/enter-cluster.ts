import { MusterError, errorMessage } from '../../common/errors.js'
import type { ServerInfo } from '../types.js'
import { lanAddress } from '../addresses.js'
import { pause } from '../../common/pause.js'
import { startOver, watchUntil, type MemberLife } from './member-life.js'
import { methods, maxServers, readEnterAnswer } from '../server-messages.js'
import { Shape } from '../../rpc/index.js'

/**
 * Milliseconds: between two requests for a place, and how long a place, and then a vote, is waited for before looking
 * for another way.
 */
const timingMs = { retry: 300, place: 30_000, vote: 120_000 }

/**
 * Enters the cluster that a server belongs to: asks for a place, starts etcd there and waits until it votes. Resolves
 * with the cluster's id, or undefined when it came to nothing and has to begin again; what was begun stays, so that it
 * goes on where it was.
 */
export async function enterCluster(life: MemberLife, through: ServerInfo, token: string): Promise<string | undefined> {
  const { process, record, rpc, clock, log, signal } = life
  if (process.hasData) await startOver(life)
  const end = clock.monotonic() + timingMs.place
  while (!signal.aborted && clock.monotonic() < end) {
    const answer = readEnterAnswer(
      await rpc.call(
        lanAddress(through),
        methods.enter,
        { server: life.self, peerUrl: process.peerUrl, token },
        { timeout: 15_000, signal },
      ),
    )
    if ('wait' in answer) {
      log.debug('waiting for a place among the servers', { reason: answer.wait })
      await pause(clock, timingMs.retry, signal)
      continue
    }
    log.info('entering the cluster', { cluster: answer.cluster, through: through.name })
    record.set({ entering: true, peerUrl: process.peerUrl })
    try {
      await process.start({ how: 'enter', members: answer.members })
    } catch (error) {
      await startOver(life)
      throw error
    }
    return await becomeVoter(life)
  }
  return undefined
}

/** Waits until the own etcd, which has a place, votes. Undefined when that does not come. */
export async function becomeVoter(life: MemberLife): Promise<string | undefined> {
  const { process, member, record, log } = life
  member.start()
  const over = (): boolean => process.state === 'removed' || process.state === 'failed'
  const voting = (): boolean => member.status?.learner === false && member.leader.address !== ''
  await watchUntil(life, () => over() || voting(), timingMs.vote)
  if (!voting() || over()) return undefined
  const cluster = member.status?.cluster ?? ''
  record.set({ cluster, entering: undefined, removed: undefined, founding: {} })
  log.info('entered the cluster', { cluster })
  if (life.importFrom !== undefined)
    log.warn('the catalog that this server kept alone is not taken over: the cluster has one already', {
      hint: 'it stays in the data directory',
    })
  return cluster
}

/** Whether another server of the cluster knows a leader: the others go on without this one. */
export async function othersHaveLeader(
  { contacts, rpc, log, signal }: MemberLife,
  cluster: string | undefined,
): Promise<boolean> {
  for (const other of contacts.answering().filter(one => one.cluster !== undefined && one.cluster === cluster)) {
    try {
      await rpc.call(lanAddress(other.info), methods.members, {}, { timeout: 2000, signal })
      return true
    } catch (error) {
      log.debug('a server does not tell the members of the cluster', {
        server: other.info.name,
        reason: errorMessage(error),
      })
    }
  }
  return false
}

/**
 * Asks the members whether this server's own member is one of theirs still. True only when a leader's own list lacks
 * it.
 */
export async function wasRemoved(
  { contacts, rpc, log, signal }: MemberLife,
  own: { readonly cluster: string; readonly member: string },
): Promise<boolean> {
  for (const { info, cluster } of contacts.answering()) {
    if (cluster !== own.cluster) continue
    try {
      const answer = await rpc.call(lanAddress(info), methods.members, {}, { timeout: 2000, signal })
      if (isListOfOthers(answer, own)) return true
    } catch (error) {
      if (!(error instanceof MusterError)) throw error
      log.debug('a server does not tell the members of the cluster', { server: info.name, reason: errorMessage(error) })
    }
  }
  return false
}

function isListOfOthers(
  answer: unknown,
  { cluster, member }: { readonly cluster: string; readonly member: string },
): boolean {
  const list = new Shape(answer, 'the list of members')
  const members = list.list('members', maxServers, String)
  return list.text('cluster') === cluster && members.length > 0 && !members.includes(member)
}
