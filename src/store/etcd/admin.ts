import { milliseconds } from '../../common/duration.js'
import type { Duration } from '../../common/duration.js'
import { revision, type Revision } from '../store.js'
import { EtcdChannel } from './channel.js'
import type { CallOptions } from './channel.js'
import { adminFailure, isCompacted } from './failures.js'
import { alarmAction, alarmKind } from './etcd-messages.js'
import type { Member } from './etcd-messages.js'
import type { EtcdAdmin, EtcdConnection, EtcdMember, EtcdStatus } from './types.js'
import { methods, type Method } from './methods.js'

export interface EtcdAdminOptions {
  /** Within which every call ends; default 5 seconds. Compacting and defragmenting get ten times as long. */
  readonly timeout?: Duration
}

/** Changes and facts of an etcd cluster. Connects with the first call; `close` ends what is under way. */
export const openEtcdAdmin = (connection: EtcdConnection, options: EtcdAdminOptions = {}): EtcdAdmin =>
  new Admin(connection, options.timeout ?? milliseconds(5000))

class Admin implements EtcdAdmin {
  readonly #channel: EtcdChannel
  readonly #endpoints: readonly string[]
  readonly #timeout: number

  constructor(connection: EtcdConnection, timeout: number) {
    this.#channel = new EtcdChannel(connection)
    this.#endpoints = connection.endpoints
    this.#timeout = timeout
  }

  async status(): Promise<EtcdStatus> {
    const status = await this.#call(methods.status, {})
    return {
      member: hexadecimal(status.header.memberId),
      cluster: hexadecimal(status.header.clusterId),
      leader: status.leader === '0' ? '' : hexadecimal(status.leader),
      learner: status.isLearner,
      term: Number(status.raftTerm),
      raftIndex: Number(status.raftIndex),
      appliedIndex: Number(status.raftAppliedIndex),
      revision: revision(Number(status.header.revision)),
      version: status.version,
      size: Number(status.dbSize),
      inUse: Number(status.dbSizeInUse),
      // The alarm request itself would need a quorum.
      alarms: [...new Set(status.errors.flatMap(error => /alarm:([A-Z]+)/.exec(error)?.[1] ?? []))],
    }
  }

  async members(linearizable: boolean): Promise<readonly EtcdMember[]> {
    const { members } = await this.#call(
      methods.memberList,
      { linearizable },
      { timeout: this.#timeout, needsLeader: linearizable },
    )
    return members.map(readMember)
  }

  async addLearner(
    peerUrls: readonly string[],
  ): Promise<{ readonly member: EtcdMember; readonly members: readonly EtcdMember[] }> {
    const { member, members } = await this.#decide(methods.memberAdd, {
      peerURLs: peerUrls,
      isLearner: true,
    })
    return { member: readMember(member), members: members.map(readMember) }
  }

  async promote(id: string): Promise<void> {
    await this.#decide(methods.memberPromote, { ID: decimal(id) })
  }

  async remove(id: string): Promise<void> {
    await this.#decide(methods.memberRemove, { ID: decimal(id) })
  }

  async update(id: string, peerUrls: readonly string[]): Promise<void> {
    await this.#decide(methods.memberUpdate, { ID: decimal(id), peerURLs: peerUrls })
  }

  async moveLeader(to: string): Promise<void> {
    await this.#call(methods.moveLeader, { targetID: decimal(to) })
  }

  async disarm(): Promise<void> {
    const { alarms } = await this.#call(methods.alarm, { action: alarmAction.get, memberID: '0', alarm: 0 })
    for (const raised of alarms)
      if (raised.alarm === alarmKind.noSpace)
        await this.#decide(methods.alarm, { action: alarmAction.deactivate, ...raised })
  }

  async compact(at: Revision): Promise<void> {
    try {
      await this.#channel.call(
        methods.compact,
        { revision: at, physical: true },
        { timeout: 10 * this.#timeout, needsLeader: true },
      )
    } catch (fault) {
      if (!isCompacted(fault)) throw adminFailure(fault, this.#endpoints)
    }
  }

  async defragment(): Promise<void> {
    await this.#call(methods.defragment, {}, { timeout: 10 * this.#timeout })
  }

  close(): void {
    this.#channel.close()
  }

  /** A call that takes a quorum; a member without one says so at once. */
  #decide<Request, Response>(method: Method<Request, Response>, request: Request): Promise<Response> {
    return this.#call(method, request, { timeout: this.#timeout, needsLeader: true })
  }

  async #call<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    options: CallOptions = { timeout: this.#timeout },
  ): Promise<Response> {
    const endpoint = this.#channel.endpoint
    try {
      return await this.#channel.call(method, request, options)
    } catch (fault) {
      const failure = adminFailure(fault, this.#endpoints)
      if (failure.code === 'STORE_UNREACHABLE') this.#channel.leave(endpoint)
      throw failure
    }
  }
}

const readMember = ({ ID, name, peerURLs, isLearner }: Member): EtcdMember => ({
  id: hexadecimal(ID),
  name,
  peerUrls: peerURLs,
  learner: isLearner,
})

/** Etcd's ids as people see them, and as its messages carry them here. */
const hexadecimal = (id: string): string => BigInt(id).toString(16)
const decimal = (id: string): string => BigInt(`0x${id}`).toString()
