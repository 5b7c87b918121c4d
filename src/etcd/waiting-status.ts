import { statSync } from 'node:fs'
import { join } from 'node:path'
import { revision, type EtcdAdmin, type EtcdStatus } from '../store/index.js'
import { dataFolder } from './arguments.js'
import type { PeerAnswer } from './ask-etcd.js'

/** How far a member's log goes, as it says when it starts from its data. */
export interface Restored {
  readonly member: string
  readonly term: number
  readonly index: number
  readonly applied: number
}

/** Reads the line with which Raft begins; undefined for any other. */
export function readRestored(message: string): Restored | undefined {
  const found =
    /^newRaft ([0-9a-f]+) \[.*\], term: (\d+), commit: \d+, applied: (\d+), lastindex: (\d+), lastterm: \d+\]/.exec(
      message,
    )
  return found === null
    ? undefined
    : { member: found[1] ?? '', term: Number(found[2]), applied: Number(found[3]), index: Number(found[4]) }
}

/** What is known of an etcd that does not serve clients. */
export interface Waiting {
  /** False as soon as it serves clients. */
  readonly isWaiting: () => boolean
  readonly restored: () => Restored | undefined
  readonly peerAnswer: () => Promise<PeerAnswer | undefined>
  readonly version: () => string
  readonly directory: string
}

/**
 * An admin that answers `status` and `members(false)` also while etcd waits for a quorum after a start: it does not
 * serve clients then, but its peer port and its log say what is asked. Without a leader nothing moves, so that these
 * are still true.
 */
export function answeringWhileWaiting(admin: EtcdAdmin, waiting: Waiting): EtcdAdmin {
  return {
    status: async () => (waiting.isWaiting() ? ((await statusOf(waiting)) ?? admin.status()) : admin.status()),
    members: async linearizable => {
      if (linearizable || !waiting.isWaiting()) return admin.members(linearizable)
      return (await waiting.peerAnswer())?.members ?? admin.members(false)
    },
    addLearner: urls => admin.addLearner(urls),
    promote: id => admin.promote(id),
    remove: id => admin.remove(id),
    update: (id, urls) => admin.update(id, urls),
    moveLeader: to => admin.moveLeader(to),
    disarm: () => admin.disarm(),
    compact: at => admin.compact(at),
    defragment: () => admin.defragment(),
    close: () => {
      admin.close()
    },
  }
}

async function statusOf(waiting: Waiting): Promise<EtcdStatus | undefined> {
  const restored = waiting.restored()
  const answer = await waiting.peerAnswer()
  if (restored === undefined || answer === undefined || !waiting.isWaiting()) return undefined
  const size = sizeOf(join(dataFolder(waiting.directory), 'member', 'snap', 'db'))
  return {
    member: restored.member,
    cluster: answer.cluster,
    leader: '',
    learner: answer.members.find(({ id }) => id === restored.member)?.learner ?? false,
    term: restored.term,
    raftIndex: restored.index,
    appliedIndex: restored.applied,
    revision: revision(1),
    version: waiting.version(),
    size,
    inUse: size,
    alarms: [],
  }
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size
  } catch {
    return 0
  }
}
