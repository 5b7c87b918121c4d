import type { Clock } from '../../common/clock.js'
import type { Member } from '../types.js'

/**
 * How long Consul's agents take to tell each other that a member which was told to leave by force lives all the same,
 * in ms.
 */
const refutedWithin = 500

/**
 * Live client agents that were told to leave by force. None of them leaves, but tools wait to see that the order was
 * taken: as in Consul they are shown as leaving for a moment, by the server that was asked.
 */
export class RefutedLeaves {
  readonly #clock: Clock
  /** By node id until when, in monotonic ms. */
  readonly #shown = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A member that lives was told to leave. */
  add(id: string): void {
    this.#shown.set(id, this.#clock.monotonic() + refutedWithin)
  }

  /** The members as they are shown now. */
  show(members: readonly Member[]): readonly Member[] {
    if (this.#shown.size === 0) return members
    const now = this.#clock.monotonic()
    for (const [id, until] of this.#shown) if (until <= now) this.#shown.delete(id)
    return members.map(member =>
      member.status === 'alive' && this.#shown.has(member.id) ? { ...member, status: 'leaving' } : member,
    )
  }
}
