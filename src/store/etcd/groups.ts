import type { Timer } from '../../common/clock.js'
import { leaseLost, storeClosed } from '../errors.js'
import { revision } from '../store.js'
import type { Committed, Transaction } from '../store.js'
import { transactionFault } from '../transaction-fault.js'
import { Pauses } from './caller.js'
import type { Caller } from './caller.js'
import { footprintOf } from './claims.js'
import type { Claims } from './claims.js'
import { encode } from './encode.js'
import {
  isConnectionFault,
  isLeaseGone,
  isNoSpace,
  isTooLarge,
  isTooManyOperations,
  isUnappliedForNow,
  isUncertain,
  noLeader,
  noSpace,
  noSpaceHint,
  refused,
  uncertain,
} from './failures.js'
import type { Fence } from './fence.js'
import type { Feed } from './feed.js'
import { Gathering } from './gathering.js'
import type { Keyspace } from './keyspace.js'
import { Limits } from './limits.js'
import { leaseOf, puts } from './member.js'
import type { Group, Member } from './member.js'
import type { TxnResponse } from './etcd-messages.js'
import { Queue } from './queue.js'
import type { Settle } from './settle.js'
import { suspect } from './suspicion.js'
import { methods } from './methods.js'

/** Groups under way at a time: one is written while the next one is on its way there. */
const maxUnderWay = 3

/** Milliseconds that an attempt must have. */
const leastTime = 20

/**
 * How many must wait before they are sent beside what is under way, as a share of those: etcd takes nearly as long for
 * a small group as for a large one.
 */
const minGroupShare = 0.75

/** Milliseconds that the next group waits at most until watchers have seen the one before. */
const lateness = 5

/**
 * For the answer to a group that was applied just before the fence was up, which comes by another way than the fence's.
 */
const grace = 50

const nothing = Buffer.alloc(0)

type Outcome = { readonly response: TxnResponse } | { readonly fault: unknown }

/**
 * Group commit: transactions that come together travel in one of etcd's, each as a nested one with its own conditions.
 * While groups are under way the next one gathers. Whatever was certainly not applied is tried again within the hold
 * time.
 */
export class Groups {
  /** Whether etcd has room. */
  full = false
  readonly #caller: Caller
  readonly #keys: Keyspace
  readonly #feed: Feed
  readonly #settle: Settle
  readonly #fence: Fence
  readonly #limits: Limits
  readonly #queue = new Queue()
  readonly #gathering: Gathering
  readonly #underWay = new Set<Group>()
  readonly #pauses = new Pauses()
  #scheduled = false
  #paused = false
  #closing = false
  #idle: (() => void)[] = []
  /** Groups that are applied, and wait until watchers have seen them. */
  #unseen = 0

  constructor(parts: { caller: Caller; keys: Keyspace; feed: Feed; settle: Settle; fence: Fence }) {
    this.#caller = parts.caller
    this.#keys = parts.keys
    this.#feed = parts.feed
    this.#settle = parts.settle
    this.#fence = parts.fence
    this.#limits = new Limits(parts.caller, parts.keys)
    this.#gathering = new Gathering(parts.caller.clock, () => {
      this.#wake()
    })
  }

  submit(transaction: Transaction): Promise<Committed> {
    return new Promise((resolve, reject) => {
      const fault = this.#closing ? storeClosed() : transactionFault(transaction)
      if (fault !== undefined) {
        reject(fault)
        return
      }
      this.#queue.push({
        transaction,
        footprint: footprintOf(transaction),
        encoded: encode(transaction, this.#keys),
        since: this.#caller.clock.monotonic(),
        resolve,
        reject,
      })
      this.#gathering.came()
      this.#wake()
    })
  }

  /** Takes no more transactions and waits until those already taken are answered. */
  close(): Promise<void> {
    this.#closing = true
    this.#gathering.close()
    return new Promise(resolve => {
      this.#idle.push(resolve)
      this.#wake()
    })
  }

  #wake(): void {
    if (this.#scheduled || this.#paused) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#dispatch()
    })
  }

  #dispatch(): void {
    while (this.#maySetOut()) {
      const group = this.#queue.take(this.#limits, this.#claims())
      if (group === undefined) break
      this.#underWay.add(group)
      void this.#travel(group)
        .catch((fault: unknown) => {
          rejectAll(group.members, refused(fault))
        })
        .finally(() => {
          this.#underWay.delete(group)
          this.#wake()
        })
    }
    if (this.#underWay.size > 0 || this.#unseen > 0 || this.#queue.length > 0) return
    for (const idle of this.#idle.splice(0)) idle()
  }

  #maySetOut(): boolean {
    if (this.#paused || this.#queue.length === 0) return false
    if (this.#underWay.size === 0) return !this.#gathering.holds(this.#queue.length)
    let travelling = 0
    for (const { members } of this.#underWay) travelling += members.length
    return this.#underWay.size < maxUnderWay && this.#queue.length >= minGroupShare * travelling
  }

  #claims(): Claims[] {
    return [...this.#underWay].map(({ claims }) => claims)
  }

  async #travel(group: Group): Promise<void> {
    const sent = { fence: this.#fence.version, reached: this.#feed.reached.revision }
    const endpoint = this.#caller.channel.endpoint
    const outcome = await this.#send(group)
    if ('response' in outcome) {
      await this.#answer(group, outcome.response)
      return
    }
    const { fault } = outcome
    if (isConnectionFault(fault)) this.#caller.channel.leave(endpoint)
    if (isUnappliedForNow(fault)) await this.#requeue(group, fault)
    else if (isLeaseGone(fault)) this.#findLost(group)
    else if (isNoSpace(fault)) this.#refuseFull(group, fault)
    else if (isTooManyOperations(fault)) await this.#learnOperations(group, fault)
    else if (isTooLarge(fault)) this.#learnBytes(group, fault)
    else if (isUncertain(fault)) await this.#find(group, sent, fault)
    else rejectAll(group.members, refused(fault))
  }

  /**
   * Sends a group. When its leader was lost meanwhile, raises the fence rather than wait for an answer that will not
   * come.
   */
  async #send({ members }: Group): Promise<Outcome> {
    const left = this.#left(members)
    // Do not send a group that cannot be answered in time: its outcome would be unknown.
    if (left < leastTime) return { fault: new Error('no leader') }
    let cancel: (() => void) | undefined
    let release: (() => void) | undefined
    const version = this.#fence.version
    const call = this.#caller.channel
      .call(
        methods.txn,
        {
          compare: [this.#fence.condition()],
          success: members.map(({ encoded }) => ({ requestTxn: encoded.request })),
          // etcd checks its quota only for top-level puts, of either branch, not for nested ones. So the failure
          // branch, which is hardly ever taken, has a put.
          failure: members.some(puts) ? [{ requestPut: { key: this.#keys.note('beat'), value: nothing } }] : [],
        },
        {
          timeout: left,
          needsLeader: true,
          begun: abort => {
            cancel = abort
          },
        },
      )
      .then(
        (response): Outcome => ({ response }),
        (fault: unknown): Outcome => ({ fault }),
      )
    const suspected = new Promise<void>(resolve => {
      release = suspect(this.#caller, this.#caller.term, resolve)
    })
    const first = await Promise.race([call, suspected])
    release?.()
    if (first !== undefined) return first
    const lost: Outcome = { fault: new Error('the leader changed') }
    try {
      while (this.#fence.version <= version) await this.#fence.raise()
      return await Promise.race([call, this.#caller.pause(grace).then(() => lost)])
    } catch (fault) {
      return { fault }
    } finally {
      cancel?.()
    }
  }

  async #answer({ members }: Group, { header, succeeded, responses }: TxnResponse): Promise<void> {
    this.#caller.sawTerm(header.raftTerm)
    this.#pauses.reset()
    if (!succeeded) {
      // The fence stopped the group, so it was not applied.
      await this.#fence.learn()
      this.#queue.putBack(members)
      return
    }
    const accepted = members.map((_, i) => responses[i]?.responseTxn?.succeeded === true)
    if (this.full && members.some((member, i) => accepted[i] === true && puts(member))) {
      this.full = false
      this.#caller.report({ kind: 'writable', message: 'etcd takes writes again' })
    }
    // Callers whose commit resolves may join the next group. Do not hold it back for a late watch.
    let late: Timer | undefined
    await Promise.race([
      this.#shown(members, accepted, header.revision),
      new Promise<void>(resolve => {
        late = this.#caller.clock.after(lateness, resolve)
      }),
    ])
    late?.cancel()
  }

  /** Answers once watchers have seen what was written, while the next group is on its way already. */
  async #shown(members: readonly Member[], accepted: readonly boolean[], at: number): Promise<void> {
    this.#unseen++
    try {
      await this.#settle.until(at)
      // The revision of etcd counts writes of other prefixes too; report one that watchers will reach.
      const seen = revision(Math.min(at, this.#feed.hub.revision))
      // Update this before resolving: a lone caller that commits again at once would otherwise be held back for others.
      this.#gathering.answered(members.length, this.#queue.length)
      members.forEach(({ resolve }, i) => {
        resolve({ ok: accepted[i] === true, revision: seen })
      })
    } catch (fault) {
      rejectAll(members, uncertain(fault))
    } finally {
      this.#unseen--
      if (this.#closing) this.#wake()
    }
  }

  /** Nothing was applied: to the front again after a pause, except those whose time is over. */
  async #requeue(group: Group, fault: unknown): Promise<void> {
    this.#queue.putBack(group.members)
    this.#underWay.delete(group)
    if (!this.#paused) {
      this.#paused = true
      await this.#caller.pause(this.#pauses.next())
      this.#paused = false
    }
    rejectAll(this.#queue.expire(this.#caller.clock.monotonic() - this.#caller.hold), noLeader(fault))
  }

  /** Some lease in the group has ended; etcd does not say which. */
  #findLost({ members }: Group): void {
    const leased = members.filter(member => leaseOf(member) !== undefined)
    const only = leased.length === 1 ? leased[0] : undefined
    if (only === undefined) this.#queue.putBackHalved(leased)
    else only.reject(leaseLost(leaseOf(only) ?? ''))
    this.#queue.putBack(members.filter(member => !leased.includes(member)))
  }

  #refuseFull({ members }: Group, fault: unknown): void {
    if (!this.full)
      this.#caller.report({
        kind: 'full',
        message: 'etcd takes no more writes: its database has reached its quota',
        hint: noSpaceHint,
      })
    this.full = true
    // A full etcd still accepts deletions.
    rejectAll(members.filter(puts), noSpace(fault))
    this.#queue.putBack(members.filter(member => !puts(member)))
  }

  async #learnOperations({ members, operations }: Group, fault: unknown): Promise<void> {
    if (operations > this.#limits.operations || members.length === 1) await this.#limits.learnOperations(operations)
    else await this.#limits.learnOperations(Math.min(operations, this.#limits.operations))
    const fits = ({ encoded }: Member): boolean => encoded.operations + 1 <= this.#limits.operations
    for (const member of members)
      if (!fits(member)) member.reject(this.#limits.tooManyOperations(member.encoded.operations, fault))
    this.#queue.putBack(members.filter(fits))
  }

  #learnBytes({ members, bytes }: Group, fault: unknown): void {
    const [only] = members
    if (members.length === 1 && only !== undefined) {
      only.reject(this.#limits.tooManyBytes(only.encoded.bytes, fault))
      return
    }
    this.#limits.learnBytes(bytes)
    this.#queue.putBackHalved(members)
  }

  /**
   * Nobody said whether the group was applied. With the fence up it no longer can be, and when the feed has come that
   * far, a member none of whose keys has changed since it set out was not: it may go again. For the others it stays
   * unknown.
   */
  async #find(
    { members }: Group,
    sent: { readonly fence: number; readonly reached: number },
    fault: unknown,
  ): Promise<void> {
    try {
      if (this.#left(members) <= 0) throw uncertain(fault)
      while (this.#fence.version <= sent.fence) await this.#fence.raise()
      await this.#settle.until(this.#fence.revision)
      const touched = members.filter(
        ({ transaction, footprint }) =>
          footprint.writes.some(key => this.#feed.changedAfter(key, sent.reached))
          || transaction.then.some(({ kind }) => kind === 'delete-range'),
      )
      rejectAll(touched, uncertain(fault))
      this.#queue.putBack(members.filter(member => !touched.includes(member)))
    } catch {
      rejectAll(members, uncertain(fault))
    }
  }

  /** Milliseconds that the most patient of some may still wait. */
  #left(members: readonly Member[]): number {
    const newest = members.reduce((newest, { since }) => Math.max(newest, since), 0)
    return newest + this.#caller.hold - this.#caller.clock.monotonic()
  }
}

const rejectAll = (members: readonly Member[], reason: Error): void => {
  for (const { reject } of members) reject(reason)
}
