import { errorMessage } from '../common/errors.js'
import type { EtcdAdmin } from '../store/index.js'
import { flagValue } from './arguments.js'
import { askPeerPort, servesClients, type PeerAnswer } from './ask-etcd.js'
import type { ChildProcess } from './child/phases.js'
import { askTimeoutMs, lookIntervalMs } from './child/timing.js'
import type { FoundEtcd } from './etcd-processes.js'
import type { HeldDirectory } from './held-directory.js'
import type { History } from './history.js'
import type { KnownMembers } from './known-members.js'
import type { EtcdProcessOptions } from './options.js'
import type { Renumbering } from './renumbering.js'

/** What asking etcd takes. */
export interface EtcdQuestionsParts {
  readonly options: EtcdProcessOptions
  /** Where others reach this member. */
  readonly peerUrl: string
  /** Path of the socket for clients. */
  readonly socket: string
  /** Answers within `askTimeoutMs` or fails. */
  readonly admin: EtcdAdmin
  readonly held: HeldDirectory
  readonly members: KnownMembers
  readonly renumbering: Renumbering
  readonly history: History
}

/** The questions that an etcd child asks the etcd that it has started, and what it tells it. */
export class EtcdQuestions {
  readonly #parts: EtcdQuestionsParts

  constructor(parts: EtcdQuestionsParts) {
    this.#parts = parts
  }

  /** Whether peers or clients get answers. One that was started by an agent before has said so to that one. */
  async isUp({ isAdopted }: ChildProcess): Promise<boolean> {
    const hasPeers = isAdopted ? (await this.askPeerPort()) !== undefined : this.#parts.held.heard?.servesPeers === true
    return hasPeers || servesClients(this.#parts.socket, lookIntervalMs.starting)
  }

  servesClients(): Promise<boolean> {
    return servesClients(this.#parts.socket, askTimeoutMs)
  }

  /**
   * Sees to it that the cluster knows this member's address, and remembers the members while `counts` holds. True when
   * there is nothing left to do. Never rejects.
   */
  async readMembers(counts: () => boolean): Promise<boolean> {
    const { admin, history, members, renumbering, peerUrl, options } = this.#parts
    try {
      const status = await admin.status()
      const { member, leader } = status
      history.look(status)
      const list = await admin.members(false)
      const own = list.find(({ id }) => id === member)
      if (counts()) members.remember(list)
      if (own === undefined || leader === '') return false
      if (own.peerUrls.length === 1 && own.peerUrls[0] === peerUrl) return !renumbering.isNeeded
      await admin.update(member, [peerUrl])
    } catch (error) {
      options.log.trace('etcd does not answer', { reason: errorMessage(error) })
    }
    return false
  }

  /**
   * Without a quorum the peer port tells the members, which are remembered while `counts` holds. Whether this etcd was
   * started without the means to reach some of them.
   */
  async readPeers(counts: () => boolean): Promise<boolean> {
    const { members, renumbering } = this.#parts
    const answer = await this.askPeerPort()
    if (answer === undefined || !counts()) return false
    // Until etcd has replayed its log, some members are missing or have no name.
    const names = new Set(answer.members.map(({ name }) => name))
    if (names.has('') || names.size === 0 || !members.list.every(({ name }) => names.has(name))) return false
    members.remember(answer.members)
    return renumbering.lacksBridge
  }

  /** The etcd that is about to be ended may have a quorum still, which can note where this member will be. */
  async announce({ args }: FoundEtcd): Promise<void> {
    const { admin, peerUrl, options } = this.#parts
    if (flagValue(args, '--initial-advertise-peer-urls') === peerUrl) return
    try {
      const { member, leader } = await admin.status()
      if (leader !== '') await admin.update(member, [peerUrl])
      await this.readMembers(() => true)
    } catch (error) {
      options.log.debug('the new address cannot be noted before the start', { reason: errorMessage(error) })
    }
  }

  /** The members as etcd tells its peers; undefined while it does not. */
  askPeerPort(): Promise<PeerAnswer | undefined> {
    const { bindAddress, advertiseAddress, port } = this.#parts.options
    const isWildcard = bindAddress === '0.0.0.0' || bindAddress === '::'
    return askPeerPort(isWildcard ? advertiseAddress : bindAddress, port, askTimeoutMs)
  }
}
