import type { Clock, Timer } from '../../common/clock.js'
import type { Logger } from '../../telemetry/index.js'
import type { Election } from './election.js'
import type { Duty } from './types.js'

/** How often it is looked whether this server is the steward, in ms: what a change of the leader costs at most. */
const interval = 250

/** Begins the duties when this server becomes the steward and ends them when it is not any more. */
export class Steward {
  readonly #election: Election
  readonly #duties: readonly Duty[]
  readonly #ready: () => boolean
  readonly #clock: Clock
  readonly #log: Logger
  #active: { close(): void }[] | undefined
  #timer: Timer | undefined

  /** @param parts `ready`: whether there is a catalog to work on */
  constructor(parts: {
    readonly election: Election
    readonly duties: readonly Duty[]
    readonly ready: () => boolean
    readonly clock: Clock
    readonly log: Logger
  }) {
    this.#election = parts.election
    this.#ready = parts.ready
    this.#duties = parts.duties
    this.#clock = parts.clock
    this.#log = parts.log
  }

  /** Whether the duties are this server's at the moment. */
  get active(): boolean {
    return this.#active !== undefined && this.#election.self
  }

  start(): void {
    this.#look()
  }

  close(): void {
    this.#timer?.cancel()
    this.#end()
  }

  #look(): void {
    if (this.#election.self && this.#active === undefined && this.#ready()) {
      this.#log.info('this server looks after the cluster from now on')
      this.#active = this.#duties.map(begin => begin())
    } else if (!this.#election.self && this.#active !== undefined) {
      this.#log.info('another server looks after the cluster')
      this.#end()
    }
    if (this.#active !== undefined && this.#election.settled) return
    this.#timer = this.#clock.after(interval, () => {
      this.#look()
    })
  }

  #end(): void {
    for (const duty of this.#active ?? []) duty.close()
    this.#active = undefined
  }
}
