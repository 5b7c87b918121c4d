import type { Action, Job, JobName, Step } from './action.js'
import type { Event, Outcome } from './event.js'
import { beginning, next } from './next.js'
import type { Transition } from './phases/transition.js'
import type { State } from './state.js'

/** How actions are carried out: each in its own way, so that one without a way does not compile. */
export interface Effects {
  readonly steps: { readonly [Name in Step['do']]: (step: Extract<Step, { readonly do: Name }>) => void }
  readonly jobs: { readonly [Name in JobName]: (job: Extract<Job, { readonly do: Name }>) => Promise<Outcome> }
}

/** Carries out the actions of the transition table, and feeds their outcomes back. */
export class Runner {
  readonly #effects: Effects
  #state: State = beginning.state

  constructor(effects: Effects) {
    this.#effects = effects
    this.#follow(beginning, undefined)
  }

  get state(): State {
    return this.#state
  }

  /** Something happened. */
  tell(event: Event): void {
    this.#follow(next(this.#state, event), undefined)
  }

  /** `ended`: the job that led here, which has failed when a step cannot be done. */
  #follow({ state, actions }: Transition, ended: JobName | undefined): void {
    try {
      for (const action of actions) if (action.do !== 'run') this.#step(action)
    } catch (error) {
      if (ended === undefined) throw error
      this.#follow(next(this.#state, { type: 'failed', job: ended, error }), ended)
      return
    }
    this.#state = state
    for (const action of actions) if (action.do === 'run') void this.#run(action.job)
  }

  #step(step: Exclude<Action, { readonly do: 'run' }>): void {
    const carryOut = this.#effects.steps[step.do] as (step: Step) => void
    carryOut(step)
  }

  async #run(job: Job): Promise<void> {
    const carryOut = this.#effects.jobs[job.do] as (job: Job) => Promise<Outcome>
    let outcome: Outcome
    try {
      outcome = await carryOut(job)
    } catch (error) {
      outcome = { type: 'failed', job: job.do, error }
    }
    this.#follow(next(this.#state, outcome), job.do)
  }
}
