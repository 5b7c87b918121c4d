import type { Deferred } from './deferred.js'
import type { Event } from './event.js'
import type { FormationParts } from './formation-parts.js'
import type { MemberStore } from './member-store.js'

/** Whoever waits for the start, for leaving, for the end. */
export interface Waiting {
  readonly start: Deferred<undefined>
  leave: Deferred<undefined> | undefined
  close: Deferred<undefined> | undefined
}

/** What actions are carried out with. */
export interface EffectParts extends FormationParts {
  readonly store: MemberStore
  readonly waiting: Waiting
  /** What a job reports before it ends. */
  readonly tell: (event: Event) => void
}
