import type { Clock } from '../../../common/clock.js'
import { errorMessage } from '../../../common/errors.js'
import type { Logger } from '../../../telemetry/index.js'
import type { ServerStanding } from '../../server-messages.js'
import type { AutopilotConfiguration, MemberStatus, RaftServer, ServerHealth, ServerInfo } from '../../types.js'
import { failureTolerance, isHealthy, removableServers } from './judge.js'
import { configurationInForce } from './kept-configuration.js'
import type { ConfigurationStore } from './types.js'

/** What autopilot sees and does. */
export interface AutopilotOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly configuration: ConfigurationStore
  readonly servers: () => readonly RaftServer[]
  readonly known: (id: string) => ServerInfo | undefined
  /** How a server stands; rejects when it does not answer. */
  readonly standing: (server: RaftServer) => Promise<ServerStanding>
  /** As membership sees a server; undefined while it does not know. */
  readonly memberStatus: (id: string) => MemberStatus | undefined
  /** ms since a server was heard of; undefined when it is not known at all. */
  readonly silence: (id: string) => number | undefined
  /** Whether a server's etcd answers, with or without an agent beside it. Asked right before it would be taken out. */
  readonly etcdAnswers: (server: { readonly id: string; readonly address: string }) => Promise<boolean>
  /** Takes a server's member out of Raft. */
  readonly remove: (id: string) => Promise<boolean>
}

/**
 * Milliseconds: between two examinations and two clean-ups; and how long a server of which membership says nothing may
 * be silent.
 */
const every = { examination: 2000, cleanup: 10_000, silent: 15_000 }

interface Examined {
  readonly health: ServerHealth
  readonly since: number
  readonly standing: ServerStanding | undefined
  readonly heard: number | undefined
  readonly answered: boolean
}

/** What the steward among the servers does for Raft: it judges the servers' health and takes dead ones out. */
export class Autopilot {
  readonly #options: AutopilotOptions
  readonly #examined = new Map<string, Examined>()
  #examining: Promise<void> | undefined
  #lastExamination = -Infinity
  #lastCleanup: number | undefined
  #leading: number | undefined
  #configuration: AutopilotConfiguration

  constructor(options: AutopilotOptions) {
    this.#options = options
    this.#configuration = options.configuration.initial
  }

  /**
   * Does what is due. `leadingSince` is when this server came to lead, in monotonic ms; undefined: it does not, and all
   * findings are void.
   */
  async tend(leadingSince: number | undefined): Promise<void> {
    if (leadingSince !== this.#leading) {
      this.#leading = leadingSince
      this.#examined.clear()
      this.#lastExamination = -Infinity
      this.#lastCleanup = leadingSince
    }
    const now = this.#options.clock.monotonic()
    if (leadingSince === undefined) return
    if (now - this.#lastExamination >= every.examination) await this.#examine()
    if (now - (this.#lastCleanup ?? now) >= every.cleanup) {
      this.#lastCleanup = now
      await this.#cleanUp()
    }
  }

  /**
   * Health as last examined. A server that does not lead, and so does not examine of itself, does it now unless it just
   * did.
   */
  async health(): Promise<{
    readonly healthy: boolean
    readonly failureTolerance: number
    readonly servers: readonly ServerHealth[]
  }> {
    const age = this.#options.clock.monotonic() - this.#lastExamination
    // Nobody examined the servers for too long, so their health and silence since then are unknown.
    if (this.#leading === undefined && age > every.silent) this.#examined.clear()
    if (this.#examined.size === 0 || (this.#leading === undefined && age >= every.examination)) await this.#examine()
    const servers = [...this.#examined.values()].map(({ health }) => health)
    return {
      healthy: servers.length > 0 && servers.every(({ healthy }) => healthy),
      failureTolerance: failureTolerance(servers),
      servers,
    }
  }

  /**
   * Whether a learner may become a voter: at once while the cluster is young, later as soon as it is healthy; one that
   * was not, at some time since it came, has to be healthy for the stabilization time.
   */
  mayVote(id: string): boolean {
    const now = this.#options.clock.monotonic()
    const time = this.#configuration.serverStabilizationTime
    if (this.#leading === undefined || now - this.#leading < 1.1 * time) return true
    const found = this.#examined.get(id)
    return found?.health.healthy === true && now - found.since >= time
  }

  #examine(): Promise<void> {
    this.#examining ??= this.#examineAll().finally(() => {
      this.#examining = undefined
    })
    return this.#examining
  }

  async #examineAll(): Promise<void> {
    const { clock, configuration, servers, standing } = this.#options
    this.#lastExamination = clock.monotonic()
    try {
      this.#configuration = (await configurationInForce(configuration)).configuration
    } catch (error) {
      this.#options.log.debug('the configuration of autopilot cannot be read at the moment', {
        reason: errorMessage(error),
      })
    }
    const present = servers().filter(({ id }) => id !== '')
    const standings = await Promise.all(present.map(server => standing(server).catch(() => undefined)))
    const leader = standings.find((_, i) => present[i]?.leader === true) ?? furthest(standings)
    for (const id of this.#examined.keys()) if (!present.some(server => server.id === id)) this.#examined.delete(id)
    present.forEach((server, i) => {
      this.#judge(server, standings[i], { term: leader?.term ?? -1, index: leader?.index ?? 0 })
    })
  }

  #judge(
    server: RaftServer,
    standing: ServerStanding | undefined,
    leader: { readonly term: number; readonly index: number },
  ): void {
    const { clock, known } = this.#options
    const now = clock.monotonic()
    const before = this.#examined.get(server.id)
    const heard = standing === undefined || standing.lastContact < 0 ? before?.heard : now - standing.lastContact
    const last = standing ?? before?.standing
    const facts = {
      status: this.#status(server, standing !== undefined),
      lastContact: heard === undefined ? undefined : now - heard,
      lastTerm: last?.term ?? 0,
      lastIndex: last?.index ?? 0,
    }
    const healthy = isHealthy(facts, leader, this.#configuration)
    const changed = before?.health.healthy !== healthy
    const health: ServerHealth = {
      id: server.id,
      name: server.node,
      address: server.address,
      version: known(server.id)?.build ?? '',
      leader: server.leader,
      voter: server.voter,
      ...facts,
      healthy,
      stableSince: changed ? clock.now() : before.health.stableSince,
    }
    this.#examined.set(server.id, {
      health,
      since: before === undefined && healthy ? -Infinity : changed ? now : before.since,
      standing: last,
      heard,
      answered: standing !== undefined,
    })
  }

  #status({ id, voter }: RaftServer, answers: boolean): MemberStatus {
    // A non-voter cannot announce that it is back, so its promotion must not depend on that.
    if (!voter && answers) return 'alive'
    const status = this.#options.memberStatus(id)
    if (status !== undefined) return status
    if (answers) return 'alive'
    return (this.#options.silence(id) ?? Infinity) > every.silent ? 'failed' : 'alive'
  }

  async #cleanUp(): Promise<void> {
    if (!this.#configuration.cleanupDeadServers) return
    const servers = await Promise.all(
      [...this.#examined.values()].map(async ({ health, answered, heard }) => {
        const silent = this.#options.clock.monotonic() - (heard ?? this.#leading ?? 0)
        // A restarted server is listed as failed until its next heartbeat.
        const seemsDead = health.status === 'left' || (health.status === 'failed' && !answered && silent > every.silent)
        const dead = seemsDead && (health.status === 'left' || !(await this.#options.etcdAnswers(health)))
        return {
          id: health.id,
          voter: health.voter,
          dead,
          answers: !dead && (seemsDead || (heard !== undefined && silent <= every.silent)),
        }
      }),
    )
    for (const id of removableServers(servers, this.#configuration.minQuorum)) {
      try {
        if (await this.#options.remove(id))
          this.#options.log.warn('a dead server is taken out of Raft', {
            server: this.#options.known(id)?.name ?? id,
            id,
          })
      } catch (error) {
        this.#options.log.warn('a dead server could not be taken out of Raft', { id, error: errorMessage(error) })
      }
    }
  }
}

/** Where the leader is at least, as far as the others tell: its agent may be dead beside an etcd that leads. */
function furthest(
  standings: readonly (ServerStanding | undefined)[],
): { readonly term: number; readonly index: number } | undefined {
  const known = standings.filter(one => one !== undefined)
  return known.length === 0
    ? undefined
    : { term: Math.max(...known.map(({ term }) => term)), index: Math.max(...known.map(({ index }) => index)) }
}
