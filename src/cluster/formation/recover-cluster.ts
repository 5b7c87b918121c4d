import { MusterError, errorCode, errorMessage } from '../../common/errors.js'
import { hostPort, parseHostPort } from '../../common/host-port.js'
import { lanAddress, raftAddress } from '../addresses.js'
import { wasRemoved } from './enter-cluster.js'
import { pause } from '../../common/pause.js'
import { watchUntil, type MemberLife } from './member-life.js'
import { methods } from '../server-messages.js'
import { isFurther, type Position } from './position.js'
import { readSurvivors, type SurvivingServer } from './recovery-file.js'
import { Shape } from '../../rpc/index.js'

/** In the data directory. */
const recoveryFile = 'raft/peers.json'

/**
 * The servers that `raft/peers.json` says are left; undefined without such a file. @throws MusterError
 * CLUSTER_RECOVERY_FILE
 */
export async function survivors({
  files,
  self,
}: Pick<MemberLife, 'files' | 'self'>): Promise<readonly SurvivingServer[] | undefined> {
  const file = files.path(recoveryFile)
  let text: string | undefined
  try {
    text = files.read(recoveryFile)
  } catch (error) {
    if (errorCode(error) === 'ENOTDIR') return undefined
    throw new MusterError('CLUSTER_RECOVERY_FILE', `cannot read ${file}: ${errorMessage(error)}`, {
      hint: 'make it readable for the agent, or delete it',
      cause: error,
    })
  }
  if (text === undefined) return undefined
  const listed = await readSurvivors(file, text)
  if (!listed.some(survivor => isSelf(survivor, self))) {
    throw new MusterError(
      'CLUSTER_RECOVERY_FILE',
      `${file} does not list this server: ${raftAddress(self)}, id ${self.id}`,
      { hint: 'list every server that is left, or delete the file' },
    )
  }
  return listed
}

/** The file has done its work. */
export const deleteRecoveryFile = ({ files }: Pick<MemberLife, 'files'>): void => {
  files.remove(recoveryFile)
}

/**
 * The last resort after a majority is lost. The servers that are left agree which of them has come furthest; that one
 * goes on as a cluster of its own, and the others, which are no members of it any more, enter afresh. Resolves with the
 * cluster's id where this server went on, undefined where another one did or there was no need.
 */
export async function recover(
  life: MemberLife,
  listed: readonly SurvivingServer[],
  publish: (position: Position) => void,
): Promise<'alone' | 'superseded' | 'quorum'> {
  const { self, process, member, log } = life
  const others = listed.filter(survivor => !isSelf(survivor, self))
  if (others.length > 0) {
    const outcome = await agree(life, others, publish)
    if (outcome !== 'alone') return outcome
    member.stop()
    await process.stop()
  }
  await process.start({ how: 'alone' })
  member.start()
  if (!(await watchUntil(life, () => member.leader.self)))
    throw new MusterError('CLUSTER_CLOSED', 'the server is stopping')
  log.warn('went on as the only server, as raft/peers.json says; others enter again', {
    cluster: member.status?.cluster,
  })
  return 'alone'
}

async function agree(
  life: MemberLife,
  others: readonly SurvivingServer[],
  publish: (position: Position) => void,
): Promise<'alone' | 'superseded' | 'quorum'> {
  const { self, process, member, clock, log, signal } = life
  await process.start({ how: 'again' })
  member.start()
  await watchUntil(life, () => member.status !== undefined)
  // Fix the position once, so that all servers compare the same values. As in a Raft election, compare the last entry
  // rather than the last known commit: if enough servers are left, one of their logs holds every acknowledged entry.
  const { term, index } = (await process.lastEntry()) ?? {
    term: member.status?.term ?? 0,
    index: member.status?.raftIndex ?? 0,
  }
  const own = { id: self.id, term, index }
  publish(own)
  for (let round = 0; !signal.aborted; round++) {
    await member.look()
    const { status } = member
    if (status !== undefined && status.leader !== '') return 'quorum'
    await life.contacts.round(signal)
    if (process.state === 'removed') return 'superseded'
    if (status !== undefined && (await wasRemoved(life, { cluster: status.cluster, member: status.member })))
      return 'superseded'
    const positions = await Promise.all(others.map(other => askPosition(life, other)))
    if (positions.every(one => one !== undefined) && positions.every(one => isFurther(own, one))) return 'alone'
    if (round % 50 === 25)
      log.warn('waiting for the other servers that raft/peers.json lists', {
        missing: others
          .filter((_, i) => positions[i] === undefined)
          .map(({ address }) => address)
          .join(', '),
      })
    await pause(clock, 200, signal)
  }
  throw new MusterError('CLUSTER_CLOSED', 'the server is stopping')
}

async function askPosition(
  { self, contacts, rpc, signal }: MemberLife,
  other: SurvivingServer,
): Promise<Position | undefined> {
  const known = contacts.others().find(info => info.id === other.id || raftAddress(info) === other.address)
  const address =
    known === undefined ? hostPort(parseHostPort(other.address, 0)?.host ?? '', self.ports.lan) : lanAddress(known)
  try {
    const answer = new Shape(await rpc.call(address, methods.recovery, {}, { timeout: 1000, signal }), 'a position')
    return { id: answer.text('id'), term: answer.number('term'), index: answer.number('index') }
  } catch {
    // The server is not up yet, or not recovering. Ask it again later.
    return undefined
  }
}

const isSelf = ({ id, address }: SurvivingServer, self: MemberLife['self']): boolean =>
  id === self.id || address === raftAddress(self)
