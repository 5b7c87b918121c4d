import type { Report, StartFailure } from '../../../src/etcd/child/actions.js'
import type { ExitFacts } from '../../../src/etcd/child/events.js'
import type { ChildProcess } from '../../../src/etcd/child/phases.js'
import type { ChildEffects, LaunchedProcess, ProcessExit } from '../../../src/etcd/child/runner.js'
import type { FoundEtcd } from '../../../src/etcd/etcd-processes.js'
import type { EtcdStart, EtcdState } from '../../../src/etcd/types.js'

/** Something that an etcd child waits for, until the test lets it come out one way or another. */
export interface Pending {
  readonly what: 'open' | 'adopt' | 'announce' | 'launch' | 'isUp' | 'servesClients' | 'readMembers' | 'readPeers'
  /** `yes` is the answer of those that answer with one. */
  readonly succeed: (yes: boolean) => void
  /** Undefined where it cannot fail. */
  readonly fail: (() => void) | undefined
}

interface Process {
  readonly isOurs: boolean
  readonly end: (exit: ProcessExit) => void
  readonly ended: Promise<ProcessExit>
}

/** Etcd processes in memory: what an etcd child does to them, and what comes of it as the test says. */
export class FakeEtcds implements ChildEffects {
  readonly pending: Pending[] = []
  readonly signals: NodeJS.Signals[] = []
  readonly reports: Report[] = []
  readonly states: EtcdState[] = []
  readonly launches: EtcdStart['how'][] = []
  /** What was wrong, as far as it can be seen at once. */
  readonly faults: string[] = []
  hasData = true
  isHeld = false
  inPlace = true
  restarts = 0
  readonly #processes = new Map<number, Process>()
  #lastPid = 0

  /** @param left how many an agent before has left running */
  constructor(left = 0) {
    for (let i = 0; i < left; i++) this.#add(false)
  }

  /** Process ids of those that run. */
  get alive(): readonly number[] {
    return [...this.#processes.keys()]
  }

  /** Those of them that this child has started or taken over. */
  get ours(): readonly number[] {
    return this.alive.filter(pid => this.#processes.get(pid)?.isOurs)
  }

  /** A process ends by itself. */
  crash(pid: number, exit: ProcessExit = { code: 1 }): void {
    const process = this.#processes.get(pid)
    this.#processes.delete(pid)
    process?.end(exit)
  }

  /** Lets the oldest of what is waited for come out. */
  answer(what: Pending['what'], yes = true): void {
    const at = this.pending.findIndex(one => one.what === what)
    const [found] = at === -1 ? [] : this.pending.splice(at, 1)
    if (found === undefined) throw new Error(`nobody waits for ${what}, but for: ${this.waits}`)
    found.succeed(yes)
  }

  /** What is waited for, in words. */
  get waits(): string {
    return this.pending.map(({ what }) => what).join(' ')
  }

  open(): Promise<readonly FoundEtcd[]> {
    return this.#pend('open', true, () => {
      this.isHeld = true
      return this.alive.map(pid => ({ pid, started: '', args: [], proxyPort: undefined }))
    })
  }
  adopt({ pid }: FoundEtcd): Promise<boolean> {
    return this.#pend('adopt', true, yes => {
      const process = this.#processes.get(pid)
      if (yes && process !== undefined) this.#processes.set(pid, { ...process, isOurs: true })
      return yes
    })
  }
  announce(): Promise<void> {
    return this.#pend('announce', false, () => undefined)
  }
  launch({ how }: EtcdStart): Promise<LaunchedProcess> {
    this.launches.push(how)
    if (this.pending.some(({ what }) => what === 'launch')) this.faults.push('launched twice at once')
    return this.#pend('launch', true, () => {
      if (this.alive.length > 0) this.faults.push('launched beside another one')
      if (!this.isHeld) this.faults.push('launched without the lock')
      const { pid, ended } = this.#add(true)
      return { pid, started: '', isAdopted: false, ended }
    })
  }
  async untilGone({ pid }: ChildProcess): Promise<void> {
    await this.#processes.get(pid)?.ended
  }
  signal({ pid }: ChildProcess, signal: NodeJS.Signals): void {
    this.signals.push(signal)
    if (signal === 'SIGKILL') this.crash(pid, { signal })
  }
  exitFacts(exit: ProcessExit): ExitFacts {
    return { ...exit, lines: [], lacksRoom: false, isInPlace: this.inPlace }
  }
  isUp(): Promise<boolean> {
    return this.#pend('isUp', true, yes => yes)
  }
  isInPlace(): boolean {
    return this.inPlace
  }
  servesClients(): Promise<boolean> {
    return this.#pend('servesClients', false, yes => yes)
  }
  readMembers(counts: () => boolean): Promise<boolean> {
    return this.#pend('readMembers', false, yes => {
      if (counts() && !this.isHeld) this.faults.push('kept what it read without the lock')
      return yes
    })
  }
  readPeers(counts: () => boolean): Promise<boolean> {
    return this.#pend('readPeers', false, yes => {
      if (counts() && !this.isHeld) this.faults.push('kept what it read without the lock')
      return yes
    })
  }
  release(): void {
    if (this.ours.length > 0) this.faults.push('let go while one of its own runs')
    this.isHeld = false
  }
  countRestart(): void {
    this.restarts++
  }
  report(report: Report): void {
    this.reports.push(report)
  }
  startError(failure: StartFailure): unknown {
    return failure
  }
  stateChanged(state: EtcdState): void {
    this.states.push(state)
  }

  #add(isOurs: boolean): Process & { readonly pid: number } {
    const pid = ++this.#lastPid
    let end: Process['end'] = () => undefined
    const ended = new Promise<ProcessExit>(resolve => {
      end = resolve
    })
    const process = { isOurs, end, ended }
    this.#processes.set(pid, process)
    return { pid, ...process }
  }

  #pend<Outcome>(what: Pending['what'], mayFail: boolean, outcome: (yes: boolean) => Outcome): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.pending.push({
        what,
        succeed: yes => {
          resolve(outcome(yes))
        },
        fail: mayFail
          ? () => {
              reject(new Error(`${what} failed`))
            }
          : undefined,
      })
    })
  }
}
