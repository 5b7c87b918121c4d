import { isMemberStatus } from '../../catalog/index.js'
import type { Clock, Timer } from '../../common/clock.js'
import { fieldsOf } from '../../common/plain-data.js'
import { memberMethods } from '../membership/types.js'
import { Shape } from '../../rpc/index.js'
import type { Member } from '../types.js'
import type { ServerPool } from './server-pool.js'

/**
 * Minimum milliseconds between fetches of the list, in proportion to its length: in a large cluster thousands of agents
 * fetch thousands of members. A small cluster's list is fetched at once.
 */
const fetchIntervalMs = { perMember: 10, max: 10_000 }
/** Far above any cluster. */
const maxMembers = 65_536

/**
 * The members as a server told them last, fetched again when a heartbeat says that they have changed. Until then this
 * agent alone.
 */
export class MemberList {
  readonly #pool: ServerPool
  readonly #clock: Clock
  readonly #self: () => Member
  #members: readonly Member[] | undefined
  #revision = -1
  #wanted = 0
  #fetched = -Infinity
  #timer: Timer | undefined
  #fetching = false
  #closed = false

  constructor(pool: ServerPool, clock: Clock, self: () => Member) {
    this.#pool = pool
    this.#clock = clock
    this.#self = self
  }

  get members(): readonly Member[] {
    return this.#members ?? [this.#self()]
  }

  /** What a heartbeat's answer says: the revision of the newest change. */
  changed(revision: number): void {
    this.#wanted = revision
    this.#soon()
  }

  /** Something was changed from here: the list is fetched whatever heartbeats say. */
  stale(): void {
    this.#revision = -1
    this.#soon()
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  #soon(): void {
    if (this.#closed || this.#fetching || this.#timer !== undefined || this.#revision === this.#wanted) return
    const wait =
      this.#fetched
      + Math.min(fetchIntervalMs.max, fetchIntervalMs.perMember * this.members.length)
      - this.#clock.monotonic()
    this.#timer = this.#clock.after(Math.max(0, wait), () => {
      this.#timer = undefined
      void this.#fetch()
    })
  }

  async #fetch(): Promise<void> {
    this.#fetching = true
    this.#fetched = this.#clock.monotonic()
    try {
      const answer = new Shape(
        await this.#pool.call(memberMethods.list, {}, { mayRepeat: true }),
        'the list of members',
      )
      this.#members = answer.list('members', maxMembers, readMember)
      this.#revision = answer.number('revision')
    } catch {
      // The next heartbeat triggers another fetch, and heartbeats report that no server can be reached.
      this.#revision = -1
    } finally {
      this.#fetching = false
    }
  }
}

/** @throws MusterError CLUSTER_MESSAGE */
function readMember(value: unknown): Member {
  const one = new Shape(value, 'a member')
  const status = one.text('status')
  const tags = (value as { readonly tags?: unknown }).tags
  return {
    name: one.text('name'),
    id: one.text('id'),
    address: one.text('address'),
    port: one.number('port'),
    status: isMemberStatus(status) ? status : 'alive',
    tags: Object.fromEntries(Object.entries(fieldsOf(tags)).map(([name, text]) => [name, String(text)])),
  }
}
