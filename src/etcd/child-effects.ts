import type { Counter, Gauge } from '../telemetry/index.js'
import { isSameEtcd, steadyArguments } from './arguments.js'
import { ChildReports, startError } from './child-reports.js'
import type { Report, StartFailure } from './child/actions.js'
import type { ExitFacts } from './child/events.js'
import type { ChildProcess } from './child/phases.js'
import type { ChildEffects, LaunchedProcess, ProcessExit } from './child/runner.js'
import { hasEtcdData } from './data.js'
import { lacksRoom } from './disk-room.js'
import type { EtcdQuestions } from './etcd-questions.js'
import { findEtcds, signalEtcd, untilGone, type FoundEtcd } from './etcd-processes.js'
import type { HeldDirectory } from './held-directory.js'
import { launchEtcd } from './launch.js'
import type { EtcdProcessOptions } from './options.js'
import type { Renumbering } from './renumbering.js'
import type { EtcdStart, EtcdState } from './types.js'
import { etcdVersion } from './version.js'

/** What the actions of an etcd child are carried out with. */
export interface ChildEffectsParts {
  readonly options: EtcdProcessOptions
  readonly questions: EtcdQuestions
  readonly held: HeldDirectory
  readonly renumbering: Renumbering
  /** Called with each new state, after the metrics know it. */
  readonly stateChanged: (state: EtcdState) => void
}

/** The actions of an etcd child, carried out on this machine. */
export class EtcdChildEffects implements ChildEffects {
  readonly #parts: ChildEffectsParts
  readonly #reports: ChildReports
  readonly #restarts: Counter
  readonly #up: Gauge
  #version = ''

  constructor(parts: ChildEffectsParts) {
    const { log, clock, metrics } = parts.options
    this.#parts = parts
    this.#reports = new ChildReports(log, clock)
    this.#restarts = metrics.counter(
      'etcd.restarts',
      'How often the own etcd was started again after it had ended by itself.',
    )
    this.#up = metrics.gauge('etcd.up', '1 while the own etcd serves clients.')
    this.#up.set(0)
  }

  get hasData(): boolean {
    return hasEtcdData(this.#parts.options.directory)
  }

  /** Of the program, since it was started first; '' before. */
  get version(): string {
    return this.#version
  }

  async open(): Promise<readonly FoundEtcd[]> {
    const { options, held } = this.#parts
    this.#version = await etcdVersion(options.program)
    held.take()
    return findEtcds(options.directory)
  }

  async adopt(found: FoundEtcd): Promise<boolean> {
    const { options, held, renumbering } = this.#parts
    if (!isSameEtcd(found.args, steadyArguments(options, [])) || !(await renumbering.adopt(found.proxyPort)))
      return false
    options.log.info('goes on with the etcd that an agent before has started', { pid: found.pid })
    held.heard?.resume()
    return true
  }

  announce(found: FoundEtcd): Promise<void> {
    return this.#parts.questions.announce(found)
  }

  launch(start: EtcdStart): Promise<LaunchedProcess> {
    return launchEtcd(this.#parts.options, start, this.#parts)
  }

  untilGone(child: ChildProcess): Promise<void> {
    return untilGone(child, this.#parts.options.clock)
  }

  signal(child: ChildProcess, signal: NodeJS.Signals): void {
    signalEtcd(child, signal)
  }

  exitFacts(exit: ProcessExit): ExitFacts {
    const { options, held } = this.#parts
    return {
      ...exit,
      lines: held.heard?.lines ?? [],
      lacksRoom: lacksRoom(options.directory),
      isInPlace: held.isInPlace,
    }
  }

  isUp(child: ChildProcess): Promise<boolean> {
    return this.#parts.questions.isUp(child)
  }

  isInPlace(): boolean {
    return this.#parts.held.isInPlace
  }

  servesClients(): Promise<boolean> {
    return this.#parts.questions.servesClients()
  }

  readMembers(counts: () => boolean): Promise<boolean> {
    return this.#parts.questions.readMembers(counts)
  }

  readPeers(counts: () => boolean): Promise<boolean> {
    return this.#parts.questions.readPeers(counts)
  }

  release(): void {
    this.#parts.renumbering.close()
    this.#parts.held.release()
  }

  countRestart(): void {
    this.#restarts.add()
  }

  report(report: Report): void {
    this.#reports.report(report)
  }

  startError(failure: StartFailure): unknown {
    return startError(failure, this.#parts.options.directory)
  }

  stateChanged(state: EtcdState): void {
    this.#up.set(state === 'running' ? 1 : 0)
    this.#parts.stateChanged(state)
  }
}
