import type { Clock } from '../../common/clock.js'
import type { MusterError } from '../../common/errors.js'
import { storeClosed } from '../errors.js'
import type { EtcdChannel } from './channel.js'
import { isConnectionFault, isNoSpace, isUnappliedForNow, isUncertain, noLeader, noSpace, refused } from './failures.js'
import type { Method } from './methods.js'

/**
 * Milliseconds between attempts: a new leader is to be found within tens of them, and nobody to be kept busy without
 * one.
 */
const firstPause = 20
const maxPause = 100

/** How long one attempt may take: etcd's own timeoutMs is 7 seconds, spent on a leader that is gone. */
const attempt = 1500

/** An event worth logging, with a hint if something can be done about it. */
export interface EtcdStoreEvent {
  readonly kind: 'lost' | 'resumed' | 'compacted' | 'full' | 'writable' | 'limit'
  readonly message: string
  readonly hint?: string
}

export interface AskOptions {
  readonly hold?: number
  readonly refuse?: (fault: unknown) => MusterError
  /** Milliseconds that one attempt may take. */
  readonly timeoutMs?: number
  /** False: a member that has no leader may answer, too. */
  readonly needsLeader?: boolean
}

/** What the parts of the store share: the way to etcd, timeoutMs, and an end. */
export class Caller {
  /** The newest Raft term seen. */
  term = 0
  closed = false
  readonly channel: EtcdChannel
  readonly clock: Clock
  /** Milliseconds that a call waits for a leader. */
  readonly hold: number
  readonly report: (event: EtcdStoreEvent) => void

  constructor(parts: { channel: EtcdChannel; clock: Clock; hold: number; report: (event: EtcdStoreEvent) => void }) {
    this.channel = parts.channel
    this.clock = parts.clock
    this.hold = parts.hold
    this.report = parts.report
  }

  /**
   * Makes a call that does no harm when it is made twice, again and again until etcd answers or `hold` has passed.
   * @throws MusterError STORE_NO_LEADER, STORE_CLOSED, STORE_FULL, or what `refuse` makes of etcd's refusal
   */
  async ask<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    { hold = this.hold, refuse = refused, timeoutMs = attempt, needsLeader = true }: AskOptions = {},
  ): Promise<Response> {
    const end = this.clock.monotonic() + hold
    for (const pauses = new Pauses(); ;) {
      if (this.closed) throw storeClosed()
      const endpoint = this.channel.endpoint
      try {
        return await this.channel.call(method, request, {
          timeout: Math.max(1, Math.min(timeoutMs, end - this.clock.monotonic())),
          needsLeader,
        })
      } catch (fault) {
        if (isNoSpace(fault)) throw noSpace(fault)
        if (!isUnappliedForNow(fault) && !isUncertain(fault)) throw refuse(fault)
        if (isConnectionFault(fault)) this.channel.leave(endpoint)
        const pause = pauses.next()
        if (this.clock.monotonic() + pause >= end) throw noLeader(fault)
        await this.pause(pause)
      }
    }
  }

  pause(delay: number): Promise<void> {
    return new Promise(resolve => {
      this.clock.after(delay, resolve)
    })
  }

  /** Notes the term that a response was given in. */
  sawTerm(term: number): void {
    if (term > this.term) this.term = term
  }
}

/** How long to wait before each further attempt. */
export class Pauses {
  #next = firstPause

  next(): number {
    const pause = this.#next
    this.#next = Math.min(maxPause, pause * 1.5)
    return pause
  }

  reset(): void {
    this.#next = firstPause
  }
}
