import type { EtcdAdmin, EtcdMember } from '../../store/index.js'
import type { Logger } from '../../telemetry/index.js'
import type { RpcClient } from '../../rpc/index.js'
import type { ServerInfo } from '../types.js'
import { lanAddress } from '../addresses.js'
import type { Contacts } from './contacts.js'
import { methods, type EnterAnswer } from '../server-messages.js'
import { Shape } from '../../rpc/index.js'

/** What a member needs to let others enter. */
export interface AdmissionOptions {
  readonly admin: EtcdAdmin
  readonly contacts: Contacts
  readonly rpc: Pick<RpcClient, 'call'>
  readonly log: Logger
}

/** A server that asks to enter: where its etcd will be, and the token of its attempt. */
export interface Entrant {
  readonly server: ServerInfo
  readonly peerUrl: string
  readonly token: string
}

/**
 * Lets servers into the cluster: as learners, which count for nothing until they have caught up, and one at a time, as
 * etcd has it. Asking twice is as good as asking once: a place that was made is given again.
 */
export class Admission {
  readonly #options: AdmissionOptions
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: AdmissionOptions) {
    this.#options = options
  }

  /** One request after the other. */
  enter(entrant: Entrant, cluster: string): Promise<EnterAnswer> {
    const turn = this.#last.then(() => this.#enter(entrant, cluster))
    this.#last = turn.catch(() => undefined)
    return turn
  }

  async #enter(entrant: Entrant, cluster: string): Promise<EnterAnswer> {
    const { admin, log } = this.#options
    const { server, peerUrl } = entrant
    const members = await admin.members(true)
    const place = members.find(({ name, learner, peerUrls }) => name === '' && learner && peerUrls.includes(peerUrl))
    if (place !== undefined) return { cluster, members: named(members, place, server.id) }
    const former = members.find(({ name, peerUrls }) => name === server.id || peerUrls.includes(peerUrl))
    if (former !== undefined) return { wait: await this.#clear(former, entrant) }
    const other = members.find(({ learner }) => learner)
    if (other !== undefined)
      return { wait: `server ${this.#options.contacts.get(other.name)?.name ?? other.peerUrls.join(', ')} is entering` }
    const added = await admin.addLearner([peerUrl])
    log.info('a server enters the cluster', { server: server.name, id: server.id, raft: peerUrl })
    return { cluster, members: named(added.members, added.member, server.id) }
  }

  /**
   * Takes out what a server, or another at its place, was before it lost its data. Returns why the entrant has to ask
   * again.
   */
  async #clear(former: EtcdMember, { server, token }: Entrant): Promise<string> {
    const { admin, contacts, rpc, log } = this.#options
    if (former.name !== server.id && contacts.isReachable(former.name))
      return `its Raft address is still that of server ${former.name}`
    // The request may be outdated because the server has entered in the meantime, so ask it for its present state.
    const answer = new Shape(
      await rpc.call(lanAddress(server), methods.entering, { token }, { timeout: 2000 }),
      'the answer',
    )
    if (!answer.flag('entering')) return 'it does not ask any more'
    await admin.remove(former.id)
    log.warn('a server comes back without its data: its former place in Raft is taken away', {
      server: server.name,
      member: former.id,
    })
    return 'its former place in Raft is taken away first'
  }
}

/** Members as the entrant's etcd has to be told of them: it knows only its own name for the place that has none yet. */
const named = (
  members: readonly EtcdMember[],
  place: EtcdMember,
  id: string,
): readonly { readonly name: string; readonly peerUrl: string }[] =>
  members.flatMap(member =>
    member.peerUrls.map(peerUrl => ({
      name: member.id === place.id ? id : member.name === '' ? member.id : member.name,
      peerUrl,
    })),
  )
