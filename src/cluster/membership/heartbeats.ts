import { memberAlive, type Catalog, type LeaseMark, type MemberArrival } from '../../catalog/index.js'
import type { Clock } from '../../common/clock.js'
import type { Duration } from '../../common/duration.js'
import { MusterError, errorMessage } from '../../common/errors.js'
import type { LeaseId } from '../../store/index.js'
import type { Logger } from '../../telemetry/index.js'
import { consulService } from './consul-service.js'
import { leaseTtl } from './lease-ttl.js'
import type { Heartbeat } from './types.js'

/** What heartbeats are written with. */
export interface HeartbeatParts {
  readonly catalog: Catalog
  /** Whether a member lives that has no lease. */
  readonly countsAsAlive: (id: string) => boolean
  /** The server that answers, for the records. */
  readonly holder: string
  readonly log: Logger
  readonly clock: Clock
}

/** Members that a datacenter has at most: more are somebody's mistake, or ill will. */
const maxMembers = 50_000

/**
 * Keeps members alive: each heartbeat starts the member's lease afresh, whichever server it comes to. Only what is new
 * is written: a member that comes, comes back, or has changed.
 */
export class Heartbeats {
  readonly #parts: HeartbeatParts
  readonly #underWay = new Map<string, Promise<Duration>>()

  constructor(parts: HeartbeatParts) {
    this.#parts = parts
  }

  /**
   * One heartbeat; resolves with how long the member may be silent now. Rejects as {@link memberAlive} refuses, and
   * with the store's errors.
   */
  beat(beat: Heartbeat): Promise<Duration> {
    const { id } = beat.info
    // A member sends another heartbeat when one takes long: answer both together.
    const before = this.#underWay.get(id)
    if (before !== undefined) return before
    const done = this.#beat(beat).finally(() => {
      this.#underWay.delete(id)
    })
    this.#underWay.set(id, done)
    return done
  }

  /** A member that lives without a lease. */
  async arrive(beat: Heartbeat): Promise<void> {
    const { catalog } = this.#parts
    const known = catalog.members.get(beat.info.id)
    const { result } = await catalog.execute(memberAlive(this.#arrival(beat)))
    if (result) this.#announce(beat, known?.state)
  }

  async #beat(beat: Heartbeat): Promise<Duration> {
    const { catalog, holder } = this.#parts
    if (!catalog.loaded) await catalog.barrier()
    const members = catalog.members.all()
    const ttl = leaseTtl(members.length)
    const { id } = beat.info
    const mark = catalog.aliveMarks.get(id)
    const known = catalog.members.get(id)
    if (known === undefined && members.length >= maxMembers) {
      throw new MusterError(
        'CLUSTER_FULL',
        `the datacenter has ${members.length} members, at most ${maxMembers} are allowed`,
        { status: 503 },
      )
    }
    const kept = mark?.ttl === ttl && (await catalog.keepAlive(mark.lease, mark.ttl))
    const arrival = this.#arrival(beat)
    const plan = memberAlive(arrival)(catalog)
    if (kept && 'result' in plan && plan.then.length === 0) return ttl
    // Let a refusal throw before a lease is granted.
    if (kept || 'refusal' in plan) await catalog.execute(memberAlive(arrival))
    if (!kept) await this.#renew(arrival, { ttl, holder, mark })
    this.#announce(beat, known?.state)
    return ttl
  }

  async #renew(
    arrival: MemberArrival,
    { ttl, holder, mark }: { ttl: Duration; holder: string; mark: LeaseMark | undefined },
  ): Promise<void> {
    const { catalog } = this.#parts
    const lease = await catalog.lease(ttl)
    try {
      await catalog.execute(memberAlive({ ...arrival, mark: { lease, ttl, holder } }))
    } catch (error) {
      await this.#revoke(lease, ttl)
      throw error
    }
    if (mark !== undefined) await this.#revoke(mark.lease, mark.ttl)
  }

  /** An unused lease expires on its own. */
  async #revoke(lease: LeaseId, ttl: Duration): Promise<void> {
    try {
      await this.#parts.catalog.revoke(lease, ttl)
    } catch (error) {
      this.#parts.log.debug('a lease that is not used any more could not be ended', { error: errorMessage(error) })
    }
  }

  #arrival({ info, tags }: Heartbeat): MemberArrival {
    const service = consulService(info)
    return {
      info,
      tags,
      countsAsAlive: this.#parts.countsAsAlive,
      now: this.#parts.clock.now(),
      ...(service !== undefined && { service }),
    }
  }

  #announce({ info: { name, id, address } }: Heartbeat, before: string | undefined): void {
    if (before === 'alive') return
    this.#parts.log.debug(before === undefined ? 'a member has joined' : 'a member is back', {
      node: name,
      id,
      address,
    })
  }
}
