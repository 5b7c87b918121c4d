import type { Duration } from '../../common/duration.js'
import { addTo } from '../../common/grouped.js'
import { invalid, leaseLost, storeClosed } from '../errors.js'
import type { Lease, LeaseId } from '../store.js'
import { Pauses } from './caller.js'
import type { Caller } from './caller.js'
import type { Stream } from './channel.js'
import { isConnectionFault, isLeaseGone, noLeader } from './failures.js'
import type { KeepAliveRequest, KeepAliveResponse } from './etcd-messages.js'
import type { Settle } from './settle.js'
import { methods } from './methods.js'

/** A keep-alive that is not answered for so long went to a leader that is gone: it is sent again on another stream. */
const silence = 1500

/** Milliseconds that an idle stream stays open. */
const lingering = 30_000

interface Waiting {
  readonly since: number
  readonly resolve: () => void
  readonly reject: (reason: Error) => void
}

/** Etcd's leases. All keep-alives travel on one stream, which is open while any is under way and for a while after. */
export class EtcdLeases {
  readonly #caller: Caller
  readonly #settle: Settle
  readonly #waiting = new Map<LeaseId, Waiting[]>()
  #stream: Stream<KeepAliveRequest> | undefined
  #running = false
  #endStream: ((fault: Error | undefined) => void) | undefined

  constructor(caller: Caller, settle: Settle) {
    this.#caller = caller
    this.#settle = settle
  }

  /**
   * Etcd counts in whole seconds, and lets no lease be shorter than one and a half elections. @throws MusterError
   * STORE_INVALID
   */
  async grant(ttl: Duration): Promise<Lease> {
    if (!(ttl > 0)) throw invalid(`a lease's ttl must be above 0, not ${ttl}ms`)
    const { ID } = await this.#caller.ask(methods.leaseGrant, { TTL: Math.ceil(ttl / 1000) })
    return this.handle(ID as LeaseId, ttl)
  }

  handle(id: LeaseId, ttl: Duration): Lease {
    return { id, ttl, keepAlive: () => this.#keepAlive(id), revoke: () => this.#revoke(id) }
  }

  close(): void {
    this.#stream?.close()
    this.#endStream?.(storeClosed())
    this.#rejectAll(() => true, storeClosed())
  }

  async #revoke(id: LeaseId): Promise<void> {
    const gone = leaseLost(id)
    try {
      const { header } = await this.#caller.ask(
        methods.leaseRevoke,
        { ID: id },
        {
          refuse: fault => (isLeaseGone(fault) ? gone : invalid(`lease ${id} cannot be revoked`)),
        },
      )
      await this.#settle.until(Number(header.revision))
    } catch (fault) {
      if (fault !== gone) throw fault
    }
  }

  #keepAlive(id: LeaseId): Promise<void> {
    if (this.#caller.closed) return Promise.reject(storeClosed())
    return new Promise((resolve, reject) => {
      const waiter = { since: this.#caller.clock.monotonic(), resolve, reject }
      addTo(this.#waiting, id, waiter)
      this.#stream?.write({ ID: id })
      if (!this.#running) void this.#run()
    })
  }

  /** Keeps a stream open as long as someone waits for an answer. */
  async #run(): Promise<void> {
    this.#running = true
    const pauses = new Pauses()
    while (this.#waiting.size > 0 && !this.#caller.closed) {
      const endpoint = this.#caller.channel.endpoint
      const fault = await this.#serve()
      if (fault === undefined || this.#caller.closed) continue
      if (isConnectionFault(fault)) this.#caller.channel.leave(endpoint)
      const due = this.#caller.clock.monotonic() - this.#caller.hold
      this.#rejectAll(({ since }) => since <= due, noLeader(fault))
      await this.#caller.pause(pauses.next())
    }
    this.#running = false
  }

  /** Sends what waits and takes answers until nobody has waited for long (undefined) or the stream ends. */
  async #serve(): Promise<unknown> {
    let answered = this.#caller.clock.monotonic()
    const ended = new Promise<unknown>(resolve => {
      this.#endStream = resolve
    })
    let timer: { cancel(): void } | undefined
    try {
      const stream = await this.#caller.channel.stream<KeepAliveRequest, KeepAliveResponse>(
        methods.leaseKeepAlive,
        {
          data: response => {
            answered = this.#caller.clock.monotonic()
            this.#take(response)
          },
          end: fault => {
            this.#endStream?.(fault ?? new Error('etcd closed the stream'))
          },
        },
        { timeout: silence },
      )
      this.#stream = stream
      for (const [ID, waiters] of this.#waiting) for (const _ of waiters) stream.write({ ID })
      const look = (): void => {
        const now = this.#caller.clock.monotonic()
        const oldest = Math.max(
          answered,
          Math.min(...[...this.#waiting.values()].map(([first]) => first?.since ?? now)),
        )
        if (this.#waiting.size === 0 && now - answered >= lingering) this.#endStream?.(undefined)
        else if (this.#waiting.size > 0 && now - oldest >= silence)
          this.#endStream?.(new Error('no answer to a keep-alive'))
        else timer = this.#caller.clock.after(silence / 3, look)
      }
      timer = this.#caller.clock.after(silence / 3, look)
      return await ended
    } catch (fault) {
      return fault
    } finally {
      timer?.cancel()
      this.#stream?.close()
      this.#stream = undefined
      this.#endStream = undefined
    }
  }

  #take({ ID, TTL }: KeepAliveResponse): void {
    const id = ID as LeaseId
    const waiters = this.#waiting.get(id)
    const first = waiters?.shift()
    if (waiters?.length === 0) this.#waiting.delete(id)
    if (Number(TTL) > 0) first?.resolve()
    else first?.reject(leaseLost(id))
  }

  #rejectAll(which: (waiting: Waiting) => boolean, reason: Error): void {
    for (const [id, waiters] of this.#waiting) {
      const left = waiters.filter(waiter => !which(waiter))
      if (left.length === 0) this.#waiting.delete(id)
      else this.#waiting.set(id, left)
      for (const waiter of waiters) if (which(waiter)) waiter.reject(reason)
    }
  }
}
