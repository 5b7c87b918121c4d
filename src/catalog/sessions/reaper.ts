import type { Clock, Timer } from '../../common/clock.js'
import { parseDuration } from '../../common/duration.js'
import { errorMessage } from '../../common/errors.js'
import type { CatalogWrites } from '../api.js'
import type { Catalog } from '../catalog.js'
import { destroySession } from '../commands/session.js'
import type { Session } from './types.js'

/** Where the reaper logs a session that could not be ended. A logger of telemetry fits. */
export interface ReaperLog {
  warn(message: string, fields: Readonly<Record<string, unknown>>): void
}

/** What a reaper works on. */
export interface ReaperParts {
  readonly catalog: Pick<Catalog, 'followSessions'> & Pick<CatalogWrites, 'execute'>
  readonly clock: Clock
  readonly log?: ReaperLog
}

/**
 * A session lives at least its TTL after its last renewal; Consul gives it twice that, and clients have come to rely on
 * it.
 */
const grace = 2

/** How long after a session could not be ended it is tried again, in ms. */
const retryDelay = 1000

/**
 * Ends sessions whose TTL has passed: twice their TTL after they were created, renewed, or first seen by this process
 * (so a restart gives all of them their whole time again). Runs on one server until closed.
 */
export function startSessionReaper(parts: ReaperParts): { close(): void } {
  const reaper = new SessionReaper(parts)
  const subscription = parts.catalog.followSessions(reaper)
  return {
    close: () => {
      subscription.close()
      reaper.close()
    },
  }
}

interface Due {
  readonly life: number
  at: number
  timer: Timer
}

class SessionReaper {
  readonly #parts: ReaperParts
  readonly #due = new Map<string, Due>()

  constructor(parts: ReaperParts) {
    this.#parts = parts
  }

  appeared(session: Session): void {
    const ttl = parseDuration(session.ttl) ?? 0
    if (ttl <= 0 || this.#due.has(session.id)) return
    const life = ttl * grace
    this.#due.set(session.id, { life, at: this.#parts.clock.monotonic() + life, timer: this.#arm(session.id, life) })
  }

  gone(id: string): void {
    this.#due.get(id)?.timer.cancel()
    this.#due.delete(id)
  }

  /** Costs no timer: the one that runs looks at the time when it fires. */
  renewed(id: string): void {
    const due = this.#due.get(id)
    if (due !== undefined) due.at = this.#parts.clock.monotonic() + due.life
  }

  close(): void {
    for (const { timer } of this.#due.values()) timer.cancel()
    this.#due.clear()
  }

  #arm(id: string, delay: number): Timer {
    return this.#parts.clock.after(delay, () => {
      void this.#fired(id)
    })
  }

  async #fired(id: string): Promise<void> {
    const due = this.#due.get(id)
    if (due === undefined) return
    const left = due.at - this.#parts.clock.monotonic()
    if (left > 0) {
      due.timer = this.#arm(id, left)
      return
    }
    try {
      await this.#parts.catalog.execute(destroySession(id, () => this.#isOver(id)))
      // The session was renewed in the meantime.
      if (this.#due.get(id) === due) due.timer = this.#arm(id, Math.max(due.at - this.#parts.clock.monotonic(), 0))
    } catch (error) {
      if (this.#due.get(id) !== due) return
      this.#parts.log?.warn('a session whose TTL has passed could not be ended, trying again', {
        session: id,
        error: errorMessage(error),
      })
      due.timer = this.#arm(id, retryDelay)
    }
  }

  #isOver(id: string): boolean {
    const due = this.#due.get(id)
    return due !== undefined && due.at <= this.#parts.clock.monotonic()
  }
}
