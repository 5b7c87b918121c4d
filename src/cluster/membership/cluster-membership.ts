import {
  deregister,
  memberLeft,
  removeNode,
  startSessionReaper,
  startTokenReaper,
  type Catalog,
  type MemberRecord,
} from '../../catalog/index.js'
import { MusterError } from '../../common/errors.js'
import { serfHealthCheckId } from '../../common/health.js'
import { raftAddress } from '../addresses.js'
import type { ClusterOperator, Member, Membership, MemberStatus, ServerInfo } from '../types.js'
import { answerCalls } from './answer-calls.js'
import { catalogConfiguration } from './autopilot-configuration.js'
import { LeaseElection, ownElection, raftElection, type Election } from './election.js'
import { Heartbeats } from './heartbeats.js'
import { joinMembers, storeIsOwn, storeIsShared } from './lan-join.js'
import { livenessDuty } from './liveness-duty.js'
import { LoneOperator } from './lone-operator.js'
import { byName, foremost, lanMember, wanMember } from './member-view.js'
import { serverTags } from './member-tags.js'
import { membershipStats } from './membership-stats.js'
import { OwnHeartbeat } from './own-heartbeat.js'
import { forgetAfter, reconcileDuty } from './reconcile-duty.js'
import { RefutedLeaves } from './refuted-leaves.js'
import { renewAtSteward } from './renewals.js'
import { Steward } from './steward.js'
import type { MembershipOptions } from './types.js'

/**
 * Membership of a server, whatever its store: the members are those of the catalog, each alive as long as a lease of
 * its own.
 */
export class ClusterMembership implements Membership {
  readonly operator: ClusterOperator
  readonly #options: MembershipOptions
  readonly #catalog: Catalog
  readonly #election: Election
  readonly #steward: Steward
  readonly #heartbeats: Heartbeats
  readonly #own: OwnHeartbeat
  readonly #refuted: RefutedLeaves
  /** Since when heartbeats are taken, in monotonic ms. */
  #began = 0
  #status: Extract<MemberStatus, 'alive' | 'leaving' | 'left'> = 'alive'
  #listed: { readonly at: unknown; readonly status: MemberStatus; readonly members: readonly Member[] } | undefined

  constructor(options: MembershipOptions) {
    const { catalog, clock, random, log, reconnectTimeout, formation } = options
    this.#options = options
    this.#catalog = catalog
    this.#refuted = new RefutedLeaves(clock)
    this.#election = electionOf(options)
    const countsAsAlive = (id: string): boolean =>
      options.store === 'own' && id === options.self().id && this.#status === 'alive'
    this.#heartbeats = new Heartbeats({ catalog, countsAsAlive, holder: options.self().id, clock, log })
    this.#own = new OwnHeartbeat({ beat: () => this.#heartbeats.beat(this.#heartbeat()), clock, random, log })
    const parts = { catalog, countsAsAlive, reconnectTimeout, answeringSince: () => this.#began, clock, log }
    this.#steward = new Steward({
      election: this.#election,
      ready: () => catalog.loaded,
      clock,
      log,
      duties: [
        livenessDuty(parts),
        reconcileDuty(parts),
        () => startSessionReaper({ catalog, clock, log }),
        () => startTokenReaper({ catalog, clock, log }),
        ...(options.duties ?? []),
      ],
    })
    this.operator =
      formation?.operator
      ?? new LoneOperator({
        catalog,
        configuration: catalogConfiguration(catalog, options.autopilot),
        leader: () => this.leader(),
        since: clock.now(),
        servers: () => this.#serverRecords(),
      })
    catalog.forwardRenewals(id =>
      renewAtSteward(id, {
        here: () => this.#steward.active,
        renewed: session => {
          catalog.sessionRenewed(session)
        },
        steward: () => this.#election.address(),
        client: options.calls?.client,
        holdTimeout: options.holdTimeout,
        clock,
      }),
    )
    if (options.calls !== undefined) {
      answerCalls(options.calls.server, {
        membership: this,
        members: () => this.#current(),
        heartbeats: this.#heartbeats,
        catalog,
        isSteward: () => this.#steward.active,
        self: options.self,
        leave: id => this.#leaveOther(id),
        hello: formation === undefined,
        log,
      })
    }
  }

  /** Whether this server does the work of which there is one in the cluster. */
  get isSteward(): boolean {
    return this.#steward.active
  }

  members(): readonly Member[] {
    return this.#refuted.show(this.#current())
  }

  wanMembers(): readonly Member[] {
    const { wan, self } = this.#options
    if (wan !== undefined) return wan.members()
    if (self().ports.wan <= 0) return []
    return this.#serverRecords()
      .map(({ info, tags, status }) => wanMember(info, tags, status))
      .sort(byName)
  }

  leader(): string {
    return this.#election.leader()
  }

  peers(): readonly string[] {
    const { formation } = this.#options
    return formation === undefined ? this.servers().map(raftAddress) : formation.peers()
  }

  datacenters(): readonly string[] {
    return this.#options.wan?.datacenters() ?? [this.#options.self().datacenter]
  }

  servers(): readonly ServerInfo[] {
    const { formation } = this.#options
    if (formation === undefined)
      return this.#serverRecords()
        .filter(({ status }) => status === 'alive')
        .map(({ info }) => info)
    return formation.servers().filter(({ id }) => (this.#catalog.members.get(id)?.state ?? 'alive') === 'alive')
  }

  stats(): Promise<Readonly<Record<string, Readonly<Record<string, string>>>>> {
    const { formation, self, expect, encrypted, store } = this.#options
    return membershipStats({
      membership: this,
      catalog: this.#catalog,
      formation,
      self: self(),
      expect,
      store,
      encrypted,
    })
  }

  async join(addresses: readonly string[], wan: boolean): Promise<number> {
    const { formation, self, calls, store } = this.#options
    if (wan) return this.#joinWan(addresses)
    if (formation !== undefined) return formation.join(addresses)
    return joinMembers(addresses, {
      self: self(),
      client: calls?.client,
      isMember: id => this.#catalog.members.get(id) !== undefined,
      refusal: store === 'own' ? storeIsOwn() : storeIsShared(),
    })
  }

  async forceLeave(name: string, prune: boolean): Promise<void> {
    if (!this.#catalog.loaded) await this.#catalog.barrier()
    const { self, formation } = this.#options
    const record = foremost(this.#catalog.members.named(bareName(name, self().datacenter)))
    if (record === undefined) {
      throw new MusterError('CLUSTER_UNKNOWN_MEMBER', `agent: No node found with name '${name}'`, {
        hint: 'the names of all members are listed by `muster members`',
      })
    }
    const { info, state } = record
    // A living member would refute a forced leave, so do nothing.
    if (info.id === self().id || state === 'leaving') return
    if (state === 'alive') {
      // Keep the status of servers, since other datacenters choose servers by it.
      if (!info.server) this.#refuted.add(info.id)
      return
    }
    if (info.server) await formation?.remove(info.id)
    if (state === 'left' && !prune) return
    await this.#catalog.execute(memberLeft(info.id, prune ? undefined : forgetAfter))
  }

  async start(): Promise<void> {
    this.#began = this.#options.clock.monotonic()
    if (this.#options.store === 'own') {
      await this.#removeFormerSelves()
      await this.#heartbeats.arrive(this.#heartbeat())
    } else {
      this.#own.start()
    }
    this.#election.start()
    this.#steward.start()
  }

  async leave(): Promise<void> {
    const { formation, self } = this.#options
    this.#status = 'leaving'
    await this.#own.close()
    this.#steward.close()
    if (this.#catalog.loaded || formation === undefined) {
      await this.#catalog.execute(memberLeft(self().id, forgetAfter))
      await this.#catalog.execute(deregister({ node: self().name }))
    }
    this.#status = 'left'
    await formation?.leave()
  }

  async close(): Promise<void> {
    this.#steward.close()
    this.#catalog.forwardRenewals(undefined)
    await Promise.all([this.#own.close(), this.#election.close()])
  }

  #heartbeat() {
    return { info: this.#options.self(), tags: serverTags(this.#options.self(), this.#options.expect) }
  }

  #joinWan(addresses: readonly string[]): Promise<number> {
    const { wan, self } = this.#options
    if (wan !== undefined) return wan.join(addresses)
    const { wanAddress, ports } = self()
    return joinMembers(addresses, {
      self: { ...self(), address: wanAddress, ports: { ...ports, lan: ports.wan } },
      client: undefined,
      isMember: () => false,
      refusal: new MusterError('CLUSTER_JOIN_FAILED', 'this agent takes part in no WAN', {
        hint: 'the WAN port (ports.serf_wan) is off',
      }),
    })
  }

  async #leaveOther(id: string): Promise<void> {
    if (id === this.#options.self().id)
      throw new MusterError('CLUSTER_UNKNOWN_MEMBER', 'a server leaves by itself', { status: 400 })
    await this.#catalog.execute(memberLeft(id, forgetAfter))
  }

  /** This server counts as alive, however it stands in the catalog: who asks it sees that it lives. */
  #list(records: readonly MemberRecord[]): readonly Member[] {
    const self = this.#heartbeat()
    const shown = records.filter(
      ({ info, state }) =>
        info.id !== self.info.id
        && (state !== 'left' || foremost(this.#catalog.members.named(info.name))?.info.id === info.id),
    )
    return [
      ...shown.map(({ info, tags, state }) => lanMember(info, tags, state)),
      lanMember(self.info, self.tags, this.#status),
    ].sort(byName)
  }

  /** Who the members are, whatever is shown of them for a moment. */
  #current(): readonly Member[] {
    if (!this.#catalog.loaded) return this.#membersBeforeCatalog()
    const at = this.#catalog.members.all()
    if (this.#listed?.at !== at || this.#listed.status !== this.#status)
      this.#listed = { at, status: this.#status, members: this.#list(at) }
    return this.#listed.members
  }

  #membersBeforeCatalog(): readonly Member[] {
    const { formation, expect } = this.#options
    const self = this.#heartbeat()
    const others = (formation?.servers() ?? [])
      .filter(({ id }) => id !== self.info.id)
      .map(server =>
        lanMember(server, serverTags(server, expect), formation?.isReachable(server.id) === true ? 'alive' : 'failed'),
      )
    return [...others, lanMember(self.info, self.tags, this.#status)].sort(byName)
  }

  #serverRecords(): readonly {
    readonly info: ServerInfo
    readonly tags: Readonly<Record<string, string>>
    readonly status: MemberStatus
  }[] {
    const self = this.#heartbeat()
    const others = this.#catalog.members
      .all()
      .filter(({ info, state }) => info.server && info.id !== self.info.id && state !== 'left')
    return [
      { ...self, status: this.#status },
      ...others.map(({ info, tags, state }) => ({ info: { ...info, server: true as const }, tags, status: state })),
    ]
  }

  /**
   * A store of its own has one server at a time, so another id that was its server is this one before its node id was
   * lost or replaced. Nobody else would ever find it dead, and it would keep the name.
   */
  async #removeFormerSelves(): Promise<void> {
    const { self, log } = this.#options
    const { id: now } = self()
    const warn = (node: string, former: string): void => {
      log.warn('the node id has changed: what the catalog knew of this server under its former id is removed', {
        node,
        former,
        now,
      })
    }
    for (const { info } of this.#catalog.members.all().filter(({ info }) => info.server && info.id !== now)) {
      warn(info.name, info.id)
      await this.#catalog.execute(memberLeft(info.id, undefined))
    }
    const former = [...this.#catalog.nodes.all()].filter(
      ({ node, id }) =>
        id !== ''
        && id !== now
        && this.#catalog.checks.get(node, serfHealthCheckId) !== undefined
        && this.#catalog.services.get(node, 'consul') !== undefined,
    )
    for (const { node, id } of former) {
      warn(node, id)
      await this.#catalog.execute(removeNode(node, id))
    }
  }
}

function electionOf({ store, self, formation, catalog, clock, log }: MembershipOptions): Election {
  if (store === 'own') return ownElection(self)
  if (store === 'shared') return new LeaseElection({ self, catalog, clock, log })
  if (formation === undefined) throw new TypeError('servers with a Raft of their own need their formation')
  return raftElection(formation, catalog, self)
}

/** A member may be named as on the WAN. */
const bareName = (name: string, datacenter: string): string =>
  name.endsWith(`.${datacenter}`) ? name.slice(0, -datacenter.length - 1) : name
