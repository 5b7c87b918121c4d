import type { Clock, Timer } from '../common/clock.js'
import type { CheckDefinition } from '../config/index.js'
import type { LocalChange, LocalState, RestoredStatus } from './local-state.js'
import type { PersistedStatus } from './persisted-shape.js'

/**
 * Milliseconds that an output may be lost by a kill. Outputs may change with each run, and do not affect the health.
 */
const outputsEvery = 30_000

/** What {@link CheckStates} works with. */
export interface CheckStatesDependencies {
  readonly local: LocalState
  readonly save: (checkId: string, status: PersistedStatus | undefined) => void
  /** Wall-clock millisecond at which a running TTL check expires. */
  readonly ttlDeadline: (checkId: string) => number | undefined
  readonly clock: Clock
}

/**
 * Keeps the states of checks over a restart, so that a restart makes nothing critical. A status or a TTL report is
 * saved at once, a mere new output of a polled check with the others of half a minute.
 */
export class CheckStates {
  readonly #deps: CheckStatesDependencies
  readonly #outputs = new Set<string>()
  readonly #subscription: { close(): void }
  #found: ReadonlyMap<string, PersistedStatus>
  #timer: Timer | undefined

  /** `found` is what the last run of this agent left. */
  constructor(deps: CheckStatesDependencies, found: ReadonlyMap<string, PersistedStatus>) {
    this.#deps = deps
    this.#found = found
    this.#subscription = deps.local.subscribe(change => {
      this.#changed(change)
    })
  }

  /**
   * What a check begins with: its last status and output. A TTL check whose time ran out meanwhile is critical, as it
   * would be had the agent gone on; a check that never reported begins as it is declared.
   */
  restore(definition: CheckDefinition): RestoredStatus | undefined {
    const found = this.#found.get(definition.id)
    if (found === undefined) return undefined
    if (
      definition.kind.type === 'ttl'
      && this.expires(definition.id) !== undefined
      && (found.expires ?? 0) <= this.#deps.clock.now()
    ) {
      const output =
        found.output === '' ? 'TTL expired' : `TTL expired (last output before timeout follows): ${found.output}`
      const moved = found.status !== 'critical'
      const since = moved ? found.expires : found.since
      return {
        status: 'critical',
        output,
        reported: true,
        ...(since !== undefined && { since }),
        ...(moved && { old: found.status }),
      }
    }
    return found.reported ? found : undefined
  }

  /** When a TTL check of the last run runs out, for as long as its state has not been forgotten. */
  expires(checkId: string): number | undefined {
    return this.#found.get(checkId)?.expires
  }

  /** Everything that will be restored has been: the rest is forgotten, on disk too. */
  forgetFound(): void {
    const { local, save } = this.#deps
    for (const id of this.#found.keys()) if (!local.checks().has(id)) save(id, undefined)
    this.#found = new Map()
  }

  /**
   * Saves a check's present state. For what the local state does not announce: a TTL report that only moved the
   * deadline.
   */
  save(checkId: string): void {
    const { local, save, ttlDeadline } = this.#deps
    this.#outputs.delete(checkId)
    const check = local.checks().get(checkId)
    if (check?.definition === undefined) return
    const expires = check.type === 'ttl' ? ttlDeadline(checkId) : undefined
    const reported = local.hasReported(checkId)
    if (!reported && expires === undefined) return
    save(checkId, {
      status: check.status,
      output: check.output,
      reported,
      ...(expires !== undefined && { expires }),
      ...(check.since !== undefined && { since: check.since }),
    })
  }

  /** Saves what waits, and follows no more. */
  close(): void {
    this.#subscription.close()
    this.#timer?.cancel()
    this.#saveOutputs()
  }

  #changed({ kind, id, what }: LocalChange): void {
    if (kind !== 'check') return
    if (what === 'gone') {
      this.#outputs.delete(id)
      this.#deps.save(id, undefined)
    } else if (what === 'output' && this.#deps.local.checks().get(id)?.type !== 'ttl') {
      this.#outputs.add(id)
      this.#timer ??= this.#deps.clock.after(outputsEvery, () => {
        this.#saveOutputs()
      })
    } else this.save(id)
  }

  #saveOutputs(): void {
    this.#timer = undefined
    for (const id of [...this.#outputs]) this.save(id)
  }
}
