import type { Autopilot } from './autopilot/index.js'
import type { Learners } from './learners.js'
import type { OwnMember } from './own-member.js'

/** What the leader's server does for the others, one round at a time. */
export class LeaderDuties {
  readonly #autopilot: Autopilot
  readonly #learners: Learners
  #underWay = false

  constructor(autopilot: Autopilot, learners: Learners) {
    this.#autopilot = autopilot
    this.#learners = learners
  }

  async tend(member: OwnMember): Promise<void> {
    if (this.#underWay) return
    this.#underWay = true
    try {
      await this.#autopilot.tend(member.leadingSince)
      if (member.leader.self) await this.#learners.tend(member.members)
    } finally {
      this.#underWay = false
    }
  }
}
