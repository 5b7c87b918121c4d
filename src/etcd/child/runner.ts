import type { Clock, Timer } from '../../common/clock.js'
import type { FoundEtcd } from '../etcd-processes.js'
import type { EtcdStart, EtcdState } from '../types.js'
import type { ChildAction, Question, Report, StartFailure } from './actions.js'
import type { ChildEvent, ExitFacts } from './events.js'
import { next } from './next.js'
import { initialState, shownState, type ChildProcess, type Phase } from './phases.js'

/** How a process of ours has ended; nothing is known of one that was adopted. */
export interface ProcessExit {
  readonly code?: number
  readonly signal?: string
}

/** A process that was started, and its end. */
export interface LaunchedProcess extends ChildProcess {
  readonly ended: Promise<ProcessExit>
}

/** How the actions of an etcd child are carried out. Methods neither reject nor throw unless documented. */
export interface ChildEffects {
  readonly hasData: boolean
  /** Checks the program, takes the directory and finds the etcds that work on it. Rejects with what to do. */
  open(): Promise<readonly FoundEtcd[]>
  /** Whether an etcd that was found is what is wanted, and all is prepared to go on with it. May reject. */
  adopt(found: FoundEtcd): Promise<boolean>
  announce(found: FoundEtcd): Promise<void>
  /** Rejects when nothing was started. */
  launch(start: EtcdStart): Promise<LaunchedProcess>
  /** Resolves when a process that is not our child is gone. */
  untilGone(child: ChildProcess): Promise<void>
  signal(child: ChildProcess, signal: NodeJS.Signals): void
  exitFacts(exit: ProcessExit): ExitFacts
  /** Whether its peers or clients get answers. May reject. */
  isUp(child: ChildProcess): Promise<boolean>
  /** Whether the directory is the one that was taken. */
  isInPlace(): boolean
  servesClients(): Promise<boolean>
  /** Reads the members, and keeps them while `counts` holds. Whether nothing is left to be told to the cluster. */
  readMembers(counts: () => boolean): Promise<boolean>
  /** The same by the peer port, without a quorum. Whether some members are reached only with help. */
  readPeers(counts: () => boolean): Promise<boolean>
  release(): void
  countRestart(): void
  report(report: Report): void
  /** The error that a failed start rejects with. */
  startError(failure: StartFailure): unknown
  /** Called with each new state. */
  stateChanged(state: EtcdState): void
}

interface StartCall {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Carries out what `next` decides, and gives the outcomes back to it as events, one after the other. */
export class ChildRunner {
  readonly #effects: ChildEffects
  readonly #clock: Clock
  #state = initialState
  /** Events that came while another one is being dealt with. */
  readonly #events: ChildEvent[] = []
  #isBusy = false
  #timer: Timer | undefined
  #startCall: StartCall | undefined
  #stopCalls: (() => void)[] = []

  constructor(effects: ChildEffects, clock: Clock) {
    this.#effects = effects
    this.#clock = clock
  }

  get phase(): Phase {
    return this.#state.phase
  }

  /** Only while `mayStart` holds for the phase. Rejects with what the effects make of the failure. */
  start(start: EtcdStart): Promise<void> {
    if (this.phase.kind === 'ended') this.give({ on: 'stop' })
    return new Promise((resolve, reject) => {
      this.#startCall = { resolve, reject }
      this.give({ on: 'start', start })
    })
  }

  /** Resolves when no process runs and nothing is held any more. */
  stop(): Promise<void> {
    return new Promise(resolve => {
      this.#stopCalls.push(resolve)
      this.give({ on: 'stop' })
    })
  }

  /** Deals with an event, after those that came before it. */
  give(event: ChildEvent): void {
    this.#events.push(event)
    if (this.#isBusy) return
    this.#isBusy = true
    try {
      for (let one = this.#events.shift(); one !== undefined; one = this.#events.shift()) this.#take(one)
    } finally {
      this.#isBusy = false
    }
  }

  #take(event: ChildEvent): void {
    const before = shownState(this.phase)
    const { state, actions } = next(this.#state, event)
    this.#state = state
    for (const action of actions) this.#carryOut(action)
    const shown = shownState(state.phase)
    if (shown !== before) this.#effects.stateChanged(shown)
  }

  #carryOut(action: ChildAction): void {
    const effects = this.#effects
    switch (action.do) {
      case 'open':
        this.#begin(effects.open(), found => ({ on: 'opened', found }))
        return
      case 'adopt':
        this.#begin(effects.adopt(action.found), isAdopted => ({ on: isAdopted ? 'adopted' : 'not-adopted' }))
        return
      case 'announce':
        this.#begin(effects.announce(action.found), () => ({ on: 'announced' }))
        return
      case 'launch':
        this.#begin(effects.launch(action.start), ({ ended, ...child }) => {
          this.#awaitExit(ended)
          return { on: 'launched', child, at: this.#clock.monotonic() }
        })
        return
      case 'await-exit':
        this.#awaitExit(effects.untilGone(action.child).then(() => ({})))
        return
      case 'signal':
        effects.signal(action.child, action.signal)
        return
      case 'ask':
        void this.#ask(action, action.question).then(event => {
          this.give(event)
        })
        return
      case 'start-timer':
        this.#timer?.cancel()
        this.#timer = this.#clock.after(action.ms, () => {
          this.give({ on: 'timer' })
        })
        return
      case 'cancel-timer':
        this.#timer?.cancel()
        return
      case 'release':
        effects.release()
        return
      case 'count-restart':
        effects.countRestart()
        return
      case 'report':
        effects.report(action.report)
        return
      case 'answer-start':
        this.#answerStart(action.failure)
        return
      case 'answer-stop':
        for (const resolve of this.#stopCalls.splice(0)) resolve()
    }
  }

  #begin<Outcome>(work: Promise<Outcome>, event: (outcome: Outcome) => ChildEvent): void {
    void work.then(
      outcome => {
        this.give(event(outcome))
      },
      (error: unknown) => {
        this.give({ on: 'failed', error, hasData: this.#effects.hasData })
      },
    )
  }

  #awaitExit(ended: Promise<ProcessExit>): void {
    void ended.then(exit => {
      this.give({ on: 'exited', at: this.#clock.monotonic(), ...this.#effects.exitFacts(exit) })
    })
  }

  async #ask(about: Question, question: number): Promise<ChildEvent> {
    const effects = this.#effects
    const { kind } = this.phase
    const counts = (): boolean => this.#state.questions === question && this.phase.kind === kind
    switch (about.about) {
      case 'rising':
        try {
          return { on: 'checked', question, isUp: await effects.isUp(about.child), at: this.#clock.monotonic() }
        } catch (error) {
          return { on: 'check-failed', question, error }
        }
      case 'serving':
        if (!effects.isInPlace()) return { on: 'displaced', question }
        return { on: 'answered', question, serves: await effects.servesClients() }
      case 'members':
        return { on: 'looked', question, isSettled: await effects.readMembers(counts) }
      case 'peers':
        return { on: 'peers-read', question, needsBridge: await effects.readPeers(counts) }
    }
  }

  #answerStart(failure: StartFailure | undefined): void {
    const call = this.#startCall
    this.#startCall = undefined
    if (failure === undefined) call?.resolve()
    else call?.reject(this.#effects.startError(failure))
  }
}
