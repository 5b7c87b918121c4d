import type { Clock } from '../../common/clock.js'
import { errorMessage } from '../../common/errors.js'
import type { EtcdAdmin, EtcdMember } from '../../store/index.js'
import type { Logger } from '../../telemetry/index.js'

/**
 * Milliseconds after which a place is taken away again: that of a server whose etcd never came, and that of one that
 * went silent before it was a voter.
 */
const timingMs = { unstarted: 30_000, silent: 60_000 }

/** What the leader's server does for those that enter. */
export interface LearnersOptions {
  readonly admin: EtcdAdmin
  readonly clock: Clock
  readonly log: Logger
  /** ms since a server was heard of, by node id. */
  readonly silence: (id: string) => number | undefined
  /** Whether a learner may become a voter by now. */
  readonly mayVote: (id: string) => boolean
}

/**
 * Makes voters of learners that have caught up, and takes away places that nobody fills. Done by the leader's server
 * alone.
 */
export class Learners {
  readonly #options: LearnersOptions
  readonly #since = new Map<string, number>()

  constructor(options: LearnersOptions) {
    this.#options = options
  }

  async tend(members: readonly EtcdMember[]): Promise<void> {
    const now = this.#options.clock.monotonic()
    const learners = members.filter(({ learner }) => learner)
    for (const id of this.#since.keys()) if (!learners.some(learner => learner.id === id)) this.#since.delete(id)
    for (const learner of learners) {
      if (!this.#since.has(learner.id)) this.#since.set(learner.id, now)
      const age = now - (this.#since.get(learner.id) ?? now)
      if (this.#isGivenUp(learner, age)) await this.#remove(learner)
      else if (learner.name !== '' && this.#options.mayVote(learner.name)) await this.#promote(learner)
    }
  }

  #isGivenUp({ name }: EtcdMember, age: number): boolean {
    if (name === '') return age > timingMs.unstarted
    return age > timingMs.silent && (this.#options.silence(name) ?? Infinity) > timingMs.silent
  }

  async #promote({ id, name }: EtcdMember): Promise<void> {
    try {
      await this.#options.admin.promote(id)
      this.#options.log.info('a server has caught up and votes now', { id: name })
    } catch (error) {
      this.#options.log.debug('a server does not vote yet', { id: name, reason: errorMessage(error) })
    }
  }

  async #remove({ id, name, peerUrls }: EtcdMember): Promise<void> {
    try {
      await this.#options.admin.remove(id)
      this.#options.log.warn('a server that began to enter and never finished is taken out of Raft again', {
        id: name,
        raft: peerUrls.join(','),
      })
    } catch (error) {
      this.#options.log.debug('a half-entered server could not be taken out', { id: name, reason: errorMessage(error) })
    }
  }
}
