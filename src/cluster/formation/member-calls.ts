import { MusterError } from '../../common/errors.js'
import type { Admission } from './admission.js'
import { askedToPromise, isPromiseValid, type Founding } from './founding-promises.js'
import type { Group } from './group.js'
import type { MemberLife } from './member-life.js'
import { methods, readServer, type ServerStanding } from '../server-messages.js'
import type { RaftOperator } from './raft-operator.js'
import type { Position } from './position.js'
import { Shape } from '../../rpc/index.js'
import { unknownPeer } from './unknown-peer.js'

/** What the calls of other servers are answered from. */
export interface MemberCalls {
  readonly life: MemberLife
  readonly admission: Admission
  readonly operator: RaftOperator
  /** The cluster that this server is a voter of. */
  readonly cluster: () => string | undefined
  readonly founding: () => Founding
  /** Keeps a changed promise on disk before it returns. */
  readonly keep: (founding: Founding) => void
  /** Whether it may promise itself to anyone. */
  readonly mayPromise: () => boolean
  /** The token of the attempt to enter that is under way. */
  readonly entering: () => string | undefined
  /** How far it has come, while raft/peers.json is being followed. */
  readonly position: () => Position | undefined
}

/** Registers what servers ask of each other while and after they become a cluster. */
export function answerServers(group: Group, calls: MemberCalls): void {
  answerFounders(group, calls)
  answerEntrants(group, calls)
  answerMembers(group, calls)
}

function answerFounders(group: Group, { founding, keep, mayPromise, cluster, position }: MemberCalls): void {
  group.handle(methods.promise, body => {
    const asked = new Shape(body, 'a request for a promise')
    const formed = cluster()
    if (formed !== undefined) return Promise.resolve({ cluster: formed })
    if (!mayPromise()) return Promise.resolve({ promised: false, to: '' })
    const { founding: after, answer } = askedToPromise(
      founding(),
      { id: asked.text('from'), carries: asked.flag('carries') },
      asked.text('token'),
    )
    keep(after)
    return Promise.resolve(answer)
  })
  group.handle(methods.meant, body =>
    Promise.resolve({ meant: isPromiseValid(founding(), new Shape(body, 'a question about a promise').text('token')) }),
  )
  group.handle(methods.recovery, () => {
    const own = position()
    return own === undefined
      ? Promise.reject(
          new MusterError('CLUSTER_NOT_RECOVERING', 'this server follows no raft/peers.json', { status: 409 }),
        )
      : Promise.resolve(own)
  })
}

function answerEntrants(group: Group, { life, admission, cluster, entering }: MemberCalls): void {
  group.handle(methods.enter, async body => {
    const asked = new Shape(body, 'a request to enter')
    const formed = cluster()
    if (formed === undefined) return { wait: `server ${life.self.name} is not part of the cluster yet` }
    const server = readServer((body as { readonly server: unknown }).server)
    if (server.datacenter !== life.self.datacenter) {
      throw new MusterError(
        'CLUSTER_WRONG_DATACENTER',
        `Member '${server.name}' part of wrong datacenter '${server.datacenter}'`,
      )
    }
    life.member.soon()
    return admission.enter({ server, peerUrl: asked.text('peerUrl'), token: asked.text('token') }, formed)
  })
  group.handle(methods.entering, body =>
    Promise.resolve({ entering: entering() === new Shape(body, 'a question about entering').text('token') }),
  )
  group.handle(methods.readdress, async body => {
    const asked = new Shape(body, 'a change of address')
    requireLeader(life)
    const members = await life.admin.members(true)
    const member = members.find(({ name }) => name === asked.text('id'))
    if (member === undefined) throw unknownPeer(`id "${asked.text('id')}"`)
    await life.admin.update(member.id, [asked.text('peerUrl')])
    life.member.soon()
    return {}
  })
}

function answerMembers(group: Group, { life, operator, cluster }: MemberCalls): void {
  group.handle(methods.status, async () => standing(life))
  group.handle(methods.members, async () => {
    requireLeader(life)
    const members = await life.admin.members(true)
    return { cluster: cluster() ?? '', members: members.map(({ id }) => id) }
  })
  group.handle(methods.remove, async body => {
    if (!(await operator.remove(new Shape(body, 'a removal').text('id'))))
      throw new MusterError('CLUSTER_UNKNOWN_PEER', 'it is no member of Raft')
    await life.member.look()
    return {}
  })
  group.handle(methods.moveLeader, async body => {
    await operator.moveLeader(new Shape(body, 'a hand-over').text('to'))
    return {}
  })
  group.handle(methods.health, () => operator.ownHealth())
}

/** How this server stands at this moment. */
export async function standing({
  self,
  admin,
  member,
}: Pick<MemberLife, 'self' | 'admin' | 'member'>): Promise<ServerStanding> {
  const status = await admin.status()
  return {
    id: self.id,
    cluster: status.cluster,
    member: status.member,
    leader: status.leader,
    learner: status.learner,
    term: status.term,
    index: status.appliedIndex,
    lastContact: status.leader === '' ? member.lastContact : 0,
  }
}

function requireLeader({ member }: MemberLife): void {
  if (member.leader.address === '') throw new MusterError('STORE_NO_LEADER', 'No cluster leader')
}
