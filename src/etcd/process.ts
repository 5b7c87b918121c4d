import { MusterError, errorMessage } from '../common/errors.js'
import { ensureFolder } from '../common/folder.js'
import { milliseconds } from '../common/duration.js'
import { openEtcdAdmin, type EtcdAdmin } from '../store/index.js'
import { peerUrlOf } from './arguments.js'
import { EtcdChildEffects } from './child-effects.js'
import { mayStart } from './child/next.js'
import { shownState } from './child/phases.js'
import { ChildRunner } from './child/runner.js'
import { askTimeoutMs } from './child/timing.js'
import { hasEtcdData, moveDataAside } from './data.js'
import { EtcdQuestions } from './etcd-questions.js'
import { findEtcds } from './etcd-processes.js'
import { HeldDirectory } from './held-directory.js'
import { History } from './history.js'
import { KnownMembers } from './known-members.js'
import type { EtcdProcessOptions } from './options.js'
import { Renumbering } from './renumbering.js'
import { socketPath } from './socket-path.js'
import type { EtcdProcess, EtcdStart, EtcdState, KnownPeer } from './types.js'
import { answeringWhileWaiting } from './waiting-status.js'
import type { EntryPlace } from './wal-records.js'
import { lastEntry } from './whole-log.js'

/**
 * An etcd child on a directory. Nothing runs yet.
 * @throws MusterError ETCD_FAILED when the directory cannot be used
 */
export const openEtcdProcess = (options: EtcdProcessOptions): EtcdProcess => new EtcdChild(options)

class EtcdChild implements EtcdProcess {
  readonly peerUrl: string
  readonly endpoint: string
  readonly admin: EtcdAdmin
  readonly #directory: string
  readonly #members: KnownMembers
  readonly #renumbering: Renumbering
  readonly #runner: ChildRunner
  readonly #listeners: ((state: EtcdState) => void)[] = []

  constructor(options: EtcdProcessOptions) {
    const { directory, name, clock, log, metrics } = options
    makeDirectory(directory)
    const socket = socketPath(directory)
    this.#directory = directory
    this.endpoint = `unix://${socket.path}`
    this.peerUrl = peerUrlOf(options.advertiseAddress, options.port)
    const own = { name, peerUrl: this.peerUrl }
    const renumbering = new Renumbering({ ...own, listenUrl: peerUrlOf(options.bindAddress, options.port) }, log)
    const members = new KnownMembers({ directory, own, renumbering, log })
    const held = new HeldDirectory(directory, clock, log)
    const connection = { endpoints: [this.endpoint] }
    const prober = openEtcdAdmin(connection, { timeout: milliseconds(askTimeoutMs) })
    this.admin = answeringWhileWaiting(openEtcdAdmin(connection), {
      isWaiting: () => this.state === 'starting',
      restored: () => held.heard?.restored,
      peerAnswer: () => questions.askPeerPort(),
      version: () => effects.version,
      directory,
    })
    const history = new History({ admin: this.admin, quota: options.quotaBytes, clock, log, metrics })
    const questions = new EtcdQuestions({
      options,
      peerUrl: this.peerUrl,
      socket: socket.path,
      admin: prober,
      held,
      members,
      renumbering,
      history,
    })
    const effects = new EtcdChildEffects({
      options,
      questions,
      held,
      renumbering,
      stateChanged: state => {
        for (const run of this.#listeners) run(state)
      },
    })
    this.#members = members
    this.#renumbering = renumbering
    this.#runner = new ChildRunner(effects, clock)
  }

  get hasData(): boolean {
    return hasEtcdData(this.#directory)
  }
  get state(): EtcdState {
    return shownState(this.#runner.phase)
  }
  get lastMembers(): readonly KnownPeer[] {
    return this.#members.list
  }
  get isDamaged(): boolean {
    const { phase } = this.#runner
    return (phase.kind === 'stopped' || phase.kind === 'ended') && phase.isDamaged
  }

  onState(run: (state: EtcdState) => void): void {
    this.#listeners.push(run)
  }

  async start(start: EtcdStart): Promise<void> {
    if (!mayStart(this.#runner.phase))
      throw new MusterError('ETCD_FAILED', 'etcd runs already', { hint: 'stop it before it is started in another way' })
    await this.#runner.start(start)
  }

  stop(): Promise<void> {
    return this.#runner.stop()
  }

  relocate(name: string, address: string): void {
    this.#renumbering.move(name, `http://${address}`)
    if (this.#renumbering.lacksBridge) this.#runner.give({ on: 'bridge-needed' })
  }

  async lastEntry(): Promise<EntryPlace | undefined> {
    return this.hasData ? lastEntry(this.#directory) : undefined
  }

  discard(): void {
    if (findEtcds(this.#directory).length > 0 || !mayStart(this.#runner.phase)) {
      throw new MusterError('ETCD_FAILED', 'the data of an etcd that runs cannot be moved aside', {
        hint: 'stop it first',
      })
    }
    moveDataAside(this.#directory)
    this.#members.forget()
  }
}

function makeDirectory(directory: string): void {
  try {
    ensureFolder(directory, 0o700)
  } catch (cause) {
    throw new MusterError('ETCD_FAILED', `cannot make the directory ${directory}: ${errorMessage(cause)}`, {
      hint: 'name a data directory that can be written to with -data-dir',
      cause,
    })
  }
}
