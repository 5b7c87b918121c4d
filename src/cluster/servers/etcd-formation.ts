import { randomUUID } from 'node:crypto'
import { MusterError, errorMessage } from '../../common/errors.js'
import type { Store } from '../../store/index.js'
import { Repeats } from '../../telemetry/index.js'
import { Autopilot } from '../autopilot/index.js'
import type { EtcdState } from '../etcd/types.js'
import type { ClusterOperator, ServerInfo } from '../types.js'
import { Admission } from './admission.js'
import { lanAddress, raftAddress } from './addresses.js'
import { announceAddress, noteAddress } from './again.js'
import { Deferred } from './deferred.js'
import { becomeVoter, enterCluster, othersGoOn, wasRemoved } from './enter.js'
import { foundCluster } from './found.js'
import { Group } from './group.js'
import { pause } from './join.js'
import { Learners } from './learners.js'
import { giveBackPlace, leaveCluster } from './leave.js'
import { answerServers, standing } from './member-calls.js'
import { startOver, type MemberLife } from './member-life.js'
import { methods, readStanding } from './messages.js'
import type { FormationOptions } from './options.js'
import { OwnMember } from './own-member.js'
import { RaftOperator } from './raft-operator.js'
import { raftStats } from './raft-stats.js'
import { answersPeers } from './answers-peers.js'
import { deleteRecoveryFile, recover, survivors, type Position } from './recover.js'
import { Search } from './search.js'
import type { Formation, FormationState } from './types.js'

/**
 * A formation as it is opened: `started` resolves when etcd runs again, where this server was a member, and the first
 * joins are done.
 */
export type OpenedFormation = Formation & { readonly started: Promise<void> }

/**
 * Milliseconds between two rounds of greetings: while looking for others, as a member, and as one whose cluster is
 * young; and of other waits.
 */
const every = { waiting: 300, member: 2000, young: 500, failure: 1000 }
const patience = { call: 2000, young: 15_000, unknown: 60_000, noLeader: 3000 }

type Phase = 'starting' | 'waiting' | 'forming' | 'entering' | 'member' | 'left'

/** A server among servers that run an etcd member each. */
export class EtcdFormation implements OpenedFormation {
  readonly store: Promise<Store>
  readonly started: Promise<void>
  readonly operator: ClusterOperator
  readonly #options: FormationOptions
  readonly #life: MemberLife
  readonly #group: Group
  readonly #raft: RaftOperator
  readonly #search: Search
  readonly #learners: Learners
  readonly #autopilot: Autopilot
  readonly #store = new Deferred<Store>()
  #phase: Phase = 'starting'
  #token: string | undefined
  #position: Position | undefined
  #tending = false
  #opened = false
  #memberSince = 0
  #working: Promise<void> = Promise.resolve()

  constructor(options: FormationOptions) {
    this.#options = options
    const { process } = options
    const { self, clock, log, client, newToken = randomUUID } = options
    const { admin } = process
    const group = (this.#group = new Group(
      options,
      () => ({
        cluster: this.#cluster,
        expect: options.expect,
        carries: options.importFrom !== undefined,
      }),
      () => {
        this.#tellAddresses()
      },
    ))
    const { contacts, record, signal } = group
    const member = new OwnMember({
      admin,
      clock,
      known: id => contacts.get(id),
      onLook: () => {
        void this.#lead()
      },
    })
    this.#life = {
      self,
      dataDir: options.dataDir,
      process,
      admin,
      member,
      contacts,
      record,
      rpc: client,
      clock,
      log,
      signal,
      newToken,
      openStore: async () => options.openStore({ endpoints: [process.endpoint] }),
      importFrom: options.importFrom,
      importDone: options.importDone,
    }
    this.#search = new Search(this.#life, options.expect)
    this.#autopilot = new Autopilot({
      clock,
      log,
      configuration: options.configuration,
      servers: () => member.raftServers(),
      known: id => contacts.get(id),
      memberStatus: options.memberStatus ?? (() => undefined),
      silence: id => contacts.silence(id),
      remove: id => this.remove(id),
      etcdAnswers: ({ address }) => answersPeers(address),
      standing: async ({ id }) =>
        id === self.id ? standing(this.#life) : readStanding(await this.#ask(id, methods.status)),
    })
    this.#learners = new Learners({
      admin,
      clock,
      log,
      silence: id => contacts.silence(id),
      mayVote: id => this.#autopilot.mayVote(id),
    })
    this.operator = this.#raft = new RaftOperator({
      self: self.id,
      admin,
      member,
      contacts,
      rpc: client,
      clock,
      autopilot: this.#autopilot,
      configuration: options.configuration,
      holdTimeout: options.holdTimeout,
    })
    answerServers(group, {
      life: this.#life,
      admission: new Admission({ admin, contacts, rpc: client, log }),
      operator: this.#raft,
      cluster: () => (this.#phase === 'member' ? this.#cluster : undefined),
      founding: () => this.#search.founding,
      keep: founding => {
        this.#search.keep(founding)
      },
      entering: () => this.#token,
      position: () => this.#position,
      mayPromise: () => this.#phase === 'waiting' && record.facts.removed !== true,
    })
    process.onState(state => {
      this.#processChanged(state)
    })
    this.store = this.#store.promise
    this.started = this.#start()
    this.started.catch(() => undefined)
  }

  get state(): FormationState {
    const phase = this.#phase
    if (phase === 'member') return { phase, cluster: this.#cluster ?? '' }
    if (phase === 'forming' || phase === 'entering' || phase === 'left') return { phase }
    return { phase: 'waiting', expect: this.#options.expect, known: this.servers() }
  }

  get leader(): { readonly address: string; readonly self: boolean } {
    return this.#life.member.leader
  }

  servers(): readonly ServerInfo[] {
    return this.#life.contacts.list()
  }
  isReachable(id: string): boolean {
    return this.#life.contacts.isReachable(id)
  }
  peers(): readonly string[] {
    return this.#life.member.peers()
  }
  join(addresses: readonly string[]): Promise<number> {
    return this.#group.join(addresses)
  }
  remove(nodeId: string): Promise<boolean> {
    return this.#raft.remove(nodeId)
  }
  stats(): Promise<Readonly<Record<string, string>>> {
    return Promise.resolve(raftStats(this.#life.member))
  }

  async leave(): Promise<void> {
    if (this.#phase === 'left') return
    const former = this.#phase
    if (former === 'member') await leaveCluster(this.#life, this.#raft)
    this.#phase = 'left'
    this.#group.close()
    await this.#working
    if (former !== 'member' && this.#life.record.facts.entering === true) await giveBackPlace(this.#life)
    await this.#group.farewell()
    await startOver(this.#life)
    this.#life.record.set({
      left: true,
      cluster: undefined,
      peerUrl: undefined,
      entering: undefined,
      removed: undefined,
      founding: {},
    })
    this.#life.log.info('left the servers')
  }

  async close(): Promise<void> {
    this.#group.close()
    this.#life.member.stop()
    this.#store.reject(
      new MusterError('CLUSTER_CLOSED', 'the server stopped before it was part of a cluster', { status: 503 }),
    )
    await this.#life.process.stop()
    await this.#working
    // What was under way may have started it again.
    await this.#life.process.stop()
  }

  /** The cluster that this server is, or was when it ran last, a voter of. */
  get #cluster(): string | undefined {
    const { cluster, entering, left } = this.#life.record.facts
    return entering === true || left === true ? undefined : cluster
  }

  async #start(): Promise<void> {
    // Whoever opens a formation goes on registering its parts first.
    await Promise.resolve()
    const joined = this.#group.joinAtStart()
    joined.catch(() => undefined)
    const begun = new Deferred<undefined>()
    this.#working = this.#work(begun)
    await begun.promise
    await joined
  }

  async #work(begun: Deferred<undefined>): Promise<void> {
    const { signal, log, clock } = this.#life
    try {
      await this.#begin()
      begun.resolve(undefined)
    } catch (error) {
      begun.reject(error)
      return
    }
    const failures = new Repeats(log, clock)
    while (!signal.aborted) {
      try {
        await this.#step()
        if (this.#phase === 'member') failures.over()
      } catch (error) {
        if (signal.aborted) return
        failures.tell(
          'warn',
          'becoming or staying part of the cluster of servers failed, it is tried again',
          errorMessage(error),
          {
            phase: this.#phase,
            error: errorMessage(error),
            hint: error instanceof MusterError ? error.hint : undefined,
          },
        )
        // One that has left meanwhile stays away, whatever failed on the way out.
        if (this.#phase !== 'member' && this.#phase !== 'left') this.#phase = 'waiting'
        await pause(clock, every.failure, signal)
      }
    }
  }

  /** Where this server stands by what it finds on its disk. Rejects when it must not go on. */
  async #begin(): Promise<void> {
    const { process, record, member, log } = this.#life
    const { facts } = record
    const listed = await survivors(this.#life)
    if (!process.hasData) {
      if (listed !== undefined) {
        log.warn('raft/peers.json is of no use without data and is deleted')
        deleteRecoveryFile(this.#life)
      }
      // A place in Raft whose data is lost is worth nothing; what it was part of may live on.
      if (facts.cluster !== undefined) record.set({ cluster: undefined, removed: true, founding: {} })
      this.#phase = 'waiting'
      return
    }
    if (listed !== undefined) {
      this.#phase = 'forming'
      const outcome = await recover(this.#life, listed, position => {
        this.#position = position
      })
      this.#position = undefined
      if (outcome === 'superseded') await this.#startAfresh('raft/peers.json was followed by another server')
      else this.#becomeMember(member.status?.cluster ?? '')
      deleteRecoveryFile(this.#life)
      return
    }
    if (facts.founding.decided === true && facts.cluster === undefined) {
      this.#phase = 'waiting'
      return
    }
    if (facts.peerUrl !== undefined && facts.peerUrl !== process.peerUrl) await announceAddress(this.#life)
    this.#tellAddresses()
    try {
      await process.start({ how: 'again' })
    } catch (error) {
      if (error instanceof MusterError && error.code === 'ETCD_REMOVED')
        await this.#startAfresh('the cluster has removed it')
      else if (await this.#isReplaceable()) await this.#startAfresh('its data is damaged')
      else throw error
      return
    }
    member.start()
    if (facts.cluster === undefined) this.#phase = 'entering'
    else this.#becomeMember(facts.cluster)
  }

  async #step(): Promise<void> {
    switch (this.#phase) {
      case 'starting':
      case 'waiting':
        return this.#look()
      case 'forming': {
        this.#becomeMember(await foundCluster(this.#life))
        return
      }
      case 'entering':
        return this.#goOnEntering()
      case 'member':
        return this.#tend()
      case 'left':
        return pause(this.#life.clock, every.member, this.#life.signal)
    }
  }

  /** Looks for others, until one of them or all together are a cluster. */
  async #look(): Promise<void> {
    const found = await this.#search.round()
    if (found?.do === 'found') this.#phase = 'forming'
    if (found?.do === 'enter') await this.#enter(found.id)
    if (this.#phase === 'waiting') await pause(this.#life.clock, every.waiting, this.#life.signal)
  }

  async #enter(id: string): Promise<void> {
    const { contacts, newToken, process } = this.#life
    const through = contacts.get(id)
    if (through === undefined) return
    this.#phase = 'entering'
    this.#token = newToken()
    try {
      if (process.hasData) await startOver(this.#life)
      const cluster = await enterCluster(this.#life, through, this.#token)
      if (cluster === undefined) this.#phase = 'waiting'
      else this.#becomeMember(cluster)
    } finally {
      this.#token = undefined
    }
  }

  /**
   * Etcd has a place that was given before a crash: a vote is all that lacks, unless the place was taken away
   * meanwhile.
   */
  async #goOnEntering(): Promise<void> {
    const { contacts, signal, member } = this.#life
    await contacts.round(signal)
    const cluster = await becomeVoter(this.#life)
    if (cluster !== undefined) {
      this.#becomeMember(cluster)
      return
    }
    const { status } = member
    if (signal.aborted) return
    if (status === undefined || (await this.#isRemoved(status)))
      await this.#startAfresh('its place was taken away before it voted')
  }

  /** What a member does again and again. */
  async #tend(): Promise<void> {
    const { contacts, member, clock, signal, process } = this.#life
    await contacts.round(signal)
    noteAddress(this.#life)
    const { status } = member
    if (await this.#isReplaceable()) {
      await this.#startAfresh('its data is damaged')
      return
    }
    if (process.state === 'removed') {
      await this.#startAfresh('the cluster has removed it')
      return
    }
    if (status !== undefined && member.leader.address === '' && (await this.#isRemoved(status))) {
      await this.#startAfresh('it is no member of the cluster any more')
      return
    }
    if (member.leader.address !== '') this.#forgetStrangers()
    await pause(clock, clock.monotonic() - this.#memberSince < patience.young ? every.young : every.member, signal)
  }

  /** Whether its data is damaged, and the others have all of it. */
  async #isReplaceable(): Promise<boolean> {
    const { process, contacts, record, signal } = this.#life
    if (!process.isDamaged) return false
    await contacts.round(signal)
    return othersGoOn(this.#life, record.facts.cluster)
  }

  #isRemoved({ cluster, member }: { readonly cluster: string; readonly member: string }): Promise<boolean> {
    return wasRemoved(this.#life, { cluster, member })
  }

  /** Servers that are no members and have been silent for long are gone. */
  #forgetStrangers(): void {
    const { contacts, member, clock } = this.#life
    if (clock.monotonic() - this.#memberSince < patience.unknown) return
    for (const { id } of contacts.others()) {
      const isMember = member.members.some(({ name }) => name === id)
      if (!isMember && (contacts.silence(id) ?? 0) > patience.unknown) contacts.forget(id)
    }
  }

  /**
   * Its data is of no use any more: moved aside, and the cluster is entered afresh. It never founds another one in
   * between.
   */
  async #startAfresh(reason: string): Promise<void> {
    const { log, record } = this.#life
    log.warn(
      'this server cannot go on as the member of its cluster that it was: its data is moved aside and it enters afresh',
      { reason },
    )
    record.set({ removed: true, cluster: undefined, entering: undefined, founding: {} })
    this.#search.begin()
    this.#phase = 'waiting'
    await startOver(this.#life)
  }

  #becomeMember(cluster: string): void {
    const { record, clock, importDone, log } = this.#life
    record.set({ cluster, peerUrl: this.#life.process.peerUrl, entering: undefined, removed: undefined })
    this.#search.begin()
    this.#phase = 'member'
    this.#memberSince = clock.monotonic()
    if (record.facts.founding.decided === true)
      void importDone?.().catch((error: unknown) => {
        log.error('the former store could not be moved aside', { error: errorMessage(error) })
      })
    if (this.#opened) return
    this.#opened = true
    this.#life.openStore().then(
      store => {
        this.#store.resolve(store)
      },
      (error: unknown) => {
        this.#opened = false
        log.error('cannot open the store on the own etcd', { error: errorMessage(error) })
        this.#store.reject(error)
      },
    )
  }

  #processChanged(state: EtcdState): void {
    if (state === 'removed' || state === 'running') this.#life.member.soon()
  }

  /** What the leader's server does for the others. */
  async #lead(): Promise<void> {
    if (this.#tending || this.#phase !== 'member') return
    this.#tending = true
    try {
      const { member } = this.#life
      await this.#autopilot.tend(member.leadingSince)
      if (member.leader.self) await this.#learners.tend(member.members)
    } finally {
      this.#tending = false
    }
  }

  async #ask(id: string, method: string, body: unknown = {}): Promise<unknown> {
    const { contacts, rpc, signal } = this.#life
    const info = contacts.get(id)
    if (info === undefined) throw new MusterError('CLUSTER_UNREACHABLE', `server ${id} is not known`)
    return rpc.call(lanAddress(info), method, body, { timeout: patience.call, signal })
  }

  /** Where the others are now, whatever Raft's list says: without a quorum nobody could change that. */
  #tellAddresses(): void {
    for (const info of this.#group.contacts.others()) this.#life.process.relocate(info.id, raftAddress(info))
  }
}
