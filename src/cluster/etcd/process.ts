import { randomUUID } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { MusterError, errorMessage } from '../../common/errors.js'
import { ensureFolder } from '../../common/folder.js'
import { milliseconds } from '../../common/duration.js'
import { openEtcdAdmin, type EtcdAdmin } from '../../store/index.js'
import { Repeats, type Counter, type Gauge } from '../../telemetry/index.js'
import { etcdEnvironment, flagValue, initialArguments, isSameEtcd, peerUrlOf, steadyArguments } from './arguments.js'
import { askPeerPort, servesClients, type PeerAnswer } from './ask-etcd.js'
import { hasEtcdData, moveDataAside, removeSocket } from './data.js'
import { lockDirectory, type DirectoryLock } from './directory-lock.js'
import { lacksRoom } from './disk-room.js'
import { displacedEnding, explainEnding, type Ending } from './ending.js'
import { HeardLog } from './heard-log.js'
import { History } from './history.js'
import { endEtcd, findLiving, type LivingEtcd } from './living.js'
import { lineText } from './log-line.js'
import { readMembers, withFormer, writeMembers } from './member-file.js'
import type { EtcdProcessOptions } from './options.js'
import { Renumbering } from './renumbering.js'
import { adoptEtcd, runEtcd, type Running } from './run-etcd.js'
import { socketPath, type SocketPath } from './socket-path.js'
import type { EtcdProcess, EtcdStart, EtcdState, KnownPeer } from './types.js'
import { etcdVersion } from './version.js'
import { answeringWhileWaiting } from './waiting-status.js'
import type { EntryPlace } from './wal-records.js'
import { keepWholeLog, lastEntry } from './whole-log.js'

/** Milliseconds between two looks at etcd: until it serves, until its cluster knows it as it is, and from then on. */
const every = { starting: 50, settling: 300, settled: 2000 }
/** Milliseconds before it is started again; after a minute up a crash counts as the first one. */
const backOff = { first: 100, most: 10_000, forgottenAfter: 60_000 }
/** Milliseconds that one question to it may take. */
const askTimeout = 1000
/** Lines of its log that a crash is reported with. */
const toldLines = 10

/**
 * An etcd child on a directory. Nothing runs yet.
 * @throws MusterError ETCD_FAILED when the directory cannot be used
 */
export const openEtcdProcess = (options: EtcdProcessOptions): EtcdProcess => new EtcdChild(options)

class EtcdChild implements EtcdProcess {
  readonly peerUrl: string
  readonly endpoint: string
  readonly admin: EtcdAdmin
  readonly #options: EtcdProcessOptions
  readonly #socket: SocketPath
  readonly #renumbering: Renumbering
  readonly #prober: EtcdAdmin
  readonly #history: History
  readonly #listeners: ((state: EtcdState) => void)[] = []
  readonly #restarts: Counter
  readonly #up: Gauge
  #state: EtcdState = 'stopped'
  #members: readonly KnownPeer[]
  #version = ''
  #lock: DirectoryLock | undefined
  #heard: HeardLog | undefined
  #running: Running | undefined
  /** Of the present start, until the next `stop`. */
  #wanted: AbortController | undefined
  #life: Promise<void> | undefined
  readonly #failures: Repeats
  /** Its disk was too full when it ended last. */
  #lackedRoom = false
  #isDamaged = false
  /** The members could not be written down. */
  #isUnsaved = false
  /** It is being ended to be started again with a bridge. */
  #isBridging = false

  constructor(options: EtcdProcessOptions) {
    this.#options = options
    this.#failures = new Repeats(options.log, options.clock)
    try {
      ensureFolder(options.directory, 0o700)
    } catch (cause) {
      throw new MusterError('ETCD_FAILED', `cannot make the directory ${options.directory}: ${errorMessage(cause)}`, {
        hint: 'name a data directory that can be written to with -data-dir',
        cause,
      })
    }
    this.#socket = socketPath(options.directory)
    this.endpoint = `unix://${this.#socket.path}`
    this.peerUrl = peerUrlOf(options.advertiseAddress, options.port)
    this.#members = readMembers(options.directory)
    this.#renumbering = new Renumbering(
      { name: options.name, listenUrl: peerUrlOf(options.bindAddress, options.port), peerUrl: this.peerUrl },
      options.log,
    )
    this.#renumbering.know(this.#members)
    const connection = { endpoints: [this.endpoint] }
    this.#prober = openEtcdAdmin(connection, { timeout: milliseconds(askTimeout) })
    this.admin = answeringWhileWaiting(openEtcdAdmin(connection), {
      isWaiting: () => this.#state === 'starting',
      restored: () => this.#heard?.restored,
      peerAnswer: () => this.#askPeerPort(),
      version: () => this.#version,
      directory: options.directory,
    })
    this.#history = new History({
      admin: this.admin,
      quota: options.quotaBytes,
      clock: options.clock,
      log: options.log,
      metrics: options.metrics,
    })
    this.#restarts = options.metrics.counter(
      'etcd.restarts',
      'How often the own etcd was started again after it had ended by itself.',
    )
    this.#up = options.metrics.gauge('etcd.up', '1 while the own etcd serves clients.')
    this.#up.set(0)
  }

  get hasData(): boolean {
    return hasEtcdData(this.#options.directory)
  }
  get state(): EtcdState {
    return this.#state
  }
  get lastMembers(): readonly KnownPeer[] {
    return this.#members
  }
  get isDamaged(): boolean {
    return this.#isDamaged
  }

  onState(run: (state: EtcdState) => void): void {
    this.#listeners.push(run)
  }

  async start(start: EtcdStart): Promise<void> {
    if (this.#state === 'failed' || this.#state === 'removed') await this.stop()
    if (this.#wanted !== undefined)
      throw new MusterError('ETCD_FAILED', 'etcd runs already', { hint: 'stop it before it is started in another way' })
    const wanted = (this.#wanted = new AbortController())
    this.#isDamaged = false
    this.#become('starting')
    try {
      const { directory, clock, log } = this.#options
      this.#version = await etcdVersion(this.#options.program)
      this.#lock ??= lockDirectory(directory)
      this.#heard ??= new HeardLog(directory, clock, log)
      this.#running = (await this.#adopt(start)) ?? (await this.#launch(start))
      const ending = await this.#untilUp(this.#running)
      if (ending !== undefined) throw this.#failure(ending)
    } catch (error) {
      this.#wanted = undefined
      this.#release()
      if (this.#running !== undefined) await endEtcd(this.#running, this.#options.clock)
      this.#running = undefined
      if (this.#state === 'starting') this.#become(wanted.signal.aborted ? 'stopped' : 'failed')
      throw error
    }
    this.#life = this.#live(this.#running, wanted.signal)
  }

  async stop(): Promise<void> {
    const life = this.#life
    const running = this.#running
    // The next start goes by the members as they are now.
    if (this.#state === 'running') await Promise.race([this.#look(), this.#pause(askTimeout)])
    this.#wanted?.abort()
    if (running !== undefined) await endEtcd(running, this.#options.clock)
    await life
    this.#wanted = undefined
    this.#running = undefined
    this.#life = undefined
    this.#release()
    this.#become('stopped')
  }

  relocate(name: string, address: string): void {
    this.#renumbering.move(name, `http://${address}`)
    this.#bridge()
  }

  async lastEntry(): Promise<EntryPlace | undefined> {
    return this.hasData ? lastEntry(this.#options.directory) : undefined
  }

  discard(): void {
    if (
      findLiving(this.#options.directory).length > 0
      || (this.#wanted !== undefined && this.#state !== 'failed' && this.#state !== 'removed')
    ) {
      throw new MusterError('ETCD_FAILED', 'the data of an etcd that runs cannot be moved aside', {
        hint: 'stop it first',
      })
    }
    moveDataAside(this.#options.directory)
    this.#members = []
    this.#renumbering.know([])
  }

  /**
   * Goes on with an etcd of this directory that an agent before has left running; one that runs otherwise than wanted
   * is ended.
   */
  async #adopt(start: EtcdStart): Promise<Running | undefined> {
    const { directory, clock, log } = this.#options
    const wanted = steadyArguments(this.#options, [])
    const living = findLiving(directory)
    for (const one of living) {
      if (
        living.length === 1
        && start.how === 'again'
        && isSameEtcd(one.args, wanted)
        && (await this.#renumbering.adopt(one.proxyPort))
      ) {
        log.info('goes on with the etcd that an agent before has started', { pid: one.pid })
        this.#heard?.resume()
        return adoptEtcd(one, clock)
      }
      await this.#announce(one)
      log.info('ends the etcd that an agent before has started, as it runs otherwise than it should', { pid: one.pid })
      await endEtcd(one, clock)
    }
    return undefined
  }

  /** The etcd that is about to be ended may have a quorum still, which can note where this member will be. */
  async #announce({ args }: LivingEtcd): Promise<void> {
    if (flagValue(args, '--initial-advertise-peer-urls') === this.peerUrl) return
    try {
      const { member, leader } = await this.#prober.status()
      if (leader !== '') await this.#prober.update(member, [this.peerUrl])
      await this.#look()
    } catch (error) {
      this.#options.log.debug('the new address cannot be noted before the start', { reason: errorMessage(error) })
    }
  }

  async #launch(start: EtcdStart): Promise<Running> {
    const { program, directory } = this.#options
    if (start.how === 'found' || start.how === 'enter') this.#renumbering.know([])
    else if (!this.hasData)
      throw new MusterError('ETCD_FAILED', `there is no data of a member in ${directory}`, {
        hint: 'move the directory aside: the server then enters its cluster afresh',
      })
    const { formerUrls, proxyPort } = await this.#renumbering.prepare()
    removeSocket(directory)
    if (start.how === 'alone') await keepWholeLog(directory, this.#options.log)
    this.#heard?.begin()
    const args = [
      ...steadyArguments(this.#options, formerUrls),
      ...initialArguments(this.#options, start, randomUUID()),
    ]
    return runEtcd(
      program,
      args,
      directory,
      etcdEnvironment(process.env, proxyPort, { architecture: process.arch, cores: availableParallelism() }),
    )
  }

  /** Resolves when its peers or clients get answers, or with how it ended before. */
  async #untilUp(running: Running): Promise<Ending | undefined> {
    let ended: Ending | undefined
    void running.ended.then(({ code, signal }) => {
      ended = this.#explain(code, signal)
    })
    for (;;) {
      if (running.adopted ? (await this.#askPeerPort()) !== undefined : this.#heard?.servesPeers) break
      if (ended !== undefined || (await servesClients(this.#socket.path, every.starting))) break
      await this.#pause(every.starting)
    }
    // A child that found its port taken is gone by now.
    return ended
  }

  /** Watches over it and starts it again, until it is stopped or there is no use. Never rejects. */
  async #live(first: Running, signal: AbortSignal): Promise<void> {
    let delay = backOff.first
    for (let running: Running | undefined = first; running !== undefined;) {
      const since = this.#options.clock.monotonic()
      const { code, signal: by } = await this.#watch(running)
      if (signal.aborted) return
      if (this.#options.clock.monotonic() - since > backOff.forgottenAfter) delay = backOff.first
      const ending = this.#explain(code, by)
      if (this.#isBridging) this.#isBridging = false
      else {
        if (!this.#mayGoOn(ending, delay)) return
        await this.#pause(delay)
        delay = Math.min(2 * delay, backOff.most)
      }
      running = await this.#relaunch(signal)
    }
  }

  /**
   * What a full disk has cut off, etcd mends once there is room: it gets one more start after that before its data
   * counts as damaged.
   */
  #explain(code: number | undefined, signal: string | undefined): Ending {
    if (this.#lock?.isInPlace() === false) return displacedEnding
    const lacks = lacksRoom(this.#options.directory)
    const ending = explainEnding(this.#heard?.lines ?? [], code, signal, lacks || this.#lackedRoom)
    this.#lackedRoom = lacks
    return ending
  }

  /** Tells how it ended. False when it is not to be started again. */
  #mayGoOn(ending: Ending, delay: number): boolean {
    const { log } = this.#options
    const lines = (this.#heard?.lines ?? []).slice(-toldLines).map(line => lineText(line).slice(0, 300))
    if (ending.kind === 'removed') {
      log.warn('etcd has ended: its cluster has removed it')
      this.#become('removed')
      return false
    }
    if (ending.kind === 'hopeless' || ending.kind === 'damaged') {
      this.#isDamaged = ending.kind === 'damaged'
      log.error('etcd has ended and is not started again', { reason: ending.reason, hint: ending.hint, lines })
      this.#become('failed')
      return false
    }
    this.#become('restarting')
    this.#failures.tell('error', 'etcd has ended and is started again', `${ending.reason} ${delay}`, {
      reason: ending.reason,
      ...(ending.hint !== undefined && { hint: ending.hint }),
      after: delay / 1000,
      lines,
    })
    return true
  }

  async #relaunch(signal: AbortSignal): Promise<Running | undefined> {
    while (!signal.aborted) {
      try {
        this.#restarts.add()
        const running = await this.#launch({ how: 'again' })
        this.#running = running
        this.#become('starting')
        if (signal.aborted) await endEtcd(running, this.#options.clock)
        return running
      } catch (error) {
        this.#failures.tell('error', 'etcd cannot be started', errorMessage(error), { reason: errorMessage(error) })
        if (!this.hasData) {
          this.#become('failed')
          return undefined
        }
        await this.#pause(backOff.most)
      }
    }
    return undefined
  }

  /** Looks at it until it ends. */
  async #watch(running: Running): ReturnType<() => Running['ended']> {
    let over = false
    const ended = running.ended.finally(() => {
      over = true
    })
    const isOver = (): boolean => over
    while (!isOver()) {
      if (this.#lock?.isInPlace() === false) {
        await endEtcd(running, this.#options.clock)
        break
      }
      const serving = await servesClients(this.#socket.path, askTimeout)
      if (isOver()) break
      if (serving) this.#become('running')
      else if (this.#state === 'starting') await this.#readPeers()
      const settled = serving && (await this.#look())
      await Promise.race([ended, this.#pause(serving ? (settled ? every.settled : every.settling) : every.starting)])
    }
    return ended
  }

  /**
   * Sees to it that the cluster knows this member's address, and remembers the members. True when there is nothing left
   * to do.
   */
  async #look(): Promise<boolean> {
    try {
      const status = await this.#prober.status()
      const { member, leader } = status
      this.#history.look(status)
      const members = await this.#prober.members(false)
      const own = members.find(({ id }) => id === member)
      this.#remember(members)
      if (own === undefined || leader === '') return false
      if (own.peerUrls.length === 1 && own.peerUrls[0] === this.peerUrl) return !this.#renumbering.isNeeded
      await this.#prober.update(member, [this.peerUrl])
    } catch (error) {
      this.#options.log.trace('etcd does not answer', { reason: errorMessage(error) })
    }
    return false
  }

  /** Without a quorum the peer port tells the members. */
  async #readPeers(): Promise<void> {
    const answer = await this.#askPeerPort()
    if (answer === undefined || this.#state !== 'starting') return
    // Until it has read all of its log again, some are missing or have no name.
    const names = new Set(answer.members.map(({ name }) => name))
    if (names.has('') || names.size === 0 || !this.#members.every(({ name }) => names.has(name))) return
    this.#remember(answer.members)
    this.#bridge()
  }

  #remember(members: readonly KnownPeer[]): void {
    const seen = withFormer(this.#members, members, { name: this.#options.name, peerUrl: this.peerUrl })
    if (JSON.stringify(seen) === JSON.stringify(this.#members) && !this.#isUnsaved) return
    this.#members = seen
    this.#renumbering.know(seen)
    try {
      writeMembers(this.#options.directory, seen)
      this.#isUnsaved = false
    } catch (error) {
      if (!this.#isUnsaved)
        this.#options.log.warn('cannot keep the list of members, trying again until it is kept', {
          reason: errorMessage(error),
        })
      this.#isUnsaved = true
    }
  }

  /** An etcd that waits for a quorum among servers that have moved starts anew with the means to reach them. */
  #bridge(): void {
    if (this.#life === undefined || this.#state !== 'starting' || this.#isBridging || this.#running === undefined)
      return
    if (this.#renumbering.isProxied || !this.#renumbering.isNeeded) return
    this.#isBridging = true
    void endEtcd(this.#running, this.#options.clock)
  }

  #askPeerPort(): Promise<PeerAnswer | undefined> {
    const { bindAddress, advertiseAddress, port } = this.#options
    const isWildcard = bindAddress === '0.0.0.0' || bindAddress === '::'
    return askPeerPort(isWildcard ? advertiseAddress : bindAddress, port, askTimeout)
  }

  #failure(ending: Ending): MusterError {
    if (ending.kind === 'removed') this.#become('removed')
    this.#isDamaged = ending.kind === 'damaged'
    const code = ending.kind === 'removed' ? 'ETCD_REMOVED' : 'ETCD_FAILED'
    return new MusterError(code, `etcd does not start: ${ending.reason}`, {
      hint: ending.hint ?? `see its log in ${this.#options.directory}/etcd.log`,
    })
  }

  #release(): void {
    this.#renumbering.close()
    this.#heard?.close()
    this.#heard = undefined
    this.#lock?.release()
    this.#lock = undefined
  }

  #become(state: EtcdState): void {
    if (this.#state === state) return
    this.#state = state
    this.#up.set(state === 'running' ? 1 : 0)
    for (const run of this.#listeners) run(state)
  }

  /** Ends early when etcd is to be stopped. */
  #pause(ms: number): Promise<void> {
    const signal = this.#wanted?.signal
    return new Promise(resolve => {
      if (signal?.aborted === true) {
        resolve()
        return
      }
      const done = (): void => {
        timer.cancel()
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = this.#options.clock.after(ms, done)
      signal?.addEventListener('abort', done, { once: true })
    })
  }
}
