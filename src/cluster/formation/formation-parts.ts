import { randomUUID } from 'node:crypto'
import { MusterError } from '../../common/errors.js'
import { Autopilot } from './autopilot/index.js'
import { lanAddress, raftAddress } from '../addresses.js'
import { answersPeers } from './answers-peers.js'
import { votedIn } from './formation-record.js'
import { Group } from './group.js'
import { LeaderDuties } from './leader-duties.js'
import { Learners } from './learners.js'
import { standing } from './member-calls.js'
import type { MemberLife } from './member-life.js'
import { methods, readStanding } from '../server-messages.js'
import type { FormationOptions } from './options.js'
import { OwnMember } from './own-member.js'
import { RaftOperator } from './raft-operator.js'
import { Search } from './search.js'

/** What a server among servers is made of, beside the state that it is in. */
export interface FormationParts {
  readonly group: Group
  readonly life: MemberLife
  readonly search: Search
  readonly raft: RaftOperator
  readonly duties: LeaderDuties
  /** Tells etcd where the others are now, whatever Raft's list says: without a quorum nobody could change that. */
  readonly tellAddresses: () => void
}

/** Milliseconds. */
const callTimeoutMs = 2000

/** `onLook` runs after each look at the own etcd. @throws MusterError CLUSTER_RECORD */
export function makeParts(options: FormationOptions, onLook: () => void): FormationParts {
  const { process, clock } = options
  const tellAddresses = (): void => {
    for (const info of group.contacts.others()) process.relocate(info.id, raftAddress(info))
  }
  const group: Group = new Group(
    options,
    () => ({
      cluster: votedIn(group.record.facts),
      expect: options.expect,
      carries: options.importFrom !== undefined,
    }),
    tellAddresses,
  )
  const member = new OwnMember({ admin: process.admin, clock, known: id => group.contacts.get(id), onLook })
  const life = makeLife(options, group, member)
  return { group, life, search: new Search(life, options.expect), tellAddresses, ...leadership(options, life) }
}

const makeLife = (options: FormationOptions, group: Group, member: OwnMember): MemberLife => ({
  self: options.self,
  files: group.files,
  process: options.process,
  admin: options.process.admin,
  member,
  contacts: group.contacts,
  record: group.record,
  rpc: options.client,
  clock: options.clock,
  log: options.log,
  signal: group.signal,
  newToken: options.newToken ?? randomUUID,
  openStore: async () => options.openStore({ endpoints: [options.process.endpoint] }),
  importFrom: options.importFrom,
  importDone: options.importDone,
})

/** What is done for the cluster as a whole: on the leader's server by itself, on others when an operator asks. */
function leadership(options: FormationOptions, life: MemberLife): Pick<FormationParts, 'raft' | 'duties'> {
  const { configuration, holdTimeout, etcdAnswers = answersPeers } = options
  const { self, admin, member, contacts, rpc, clock, log } = life
  const silence = (id: string): number | undefined => contacts.silence(id)
  const autopilot: Autopilot = new Autopilot({
    clock,
    log,
    configuration,
    servers: () => member.raftServers(),
    known: id => contacts.get(id),
    memberStatus: options.memberStatus ?? (() => undefined),
    silence,
    remove: id => raft.remove(id),
    etcdAnswers: ({ address }) => etcdAnswers(address),
    standing: async ({ id }) => (id === self.id ? standing(life) : readStanding(await askStanding(life, id))),
  })
  const raft = new RaftOperator({
    self: self.id,
    admin,
    member,
    contacts,
    rpc,
    clock,
    autopilot,
    configuration,
    holdTimeout,
  })
  const learners = new Learners({ admin, clock, log, silence, mayVote: id => autopilot.mayVote(id) })
  return { raft, duties: new LeaderDuties(autopilot, learners) }
}

async function askStanding({ contacts, rpc, signal }: MemberLife, id: string): Promise<unknown> {
  const info = contacts.get(id)
  if (info === undefined) throw new MusterError('CLUSTER_UNREACHABLE', `server ${id} is not known`)
  return rpc.call(lanAddress(info), methods.status, {}, { timeout: callTimeoutMs, signal })
}
