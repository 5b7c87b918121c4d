import type { NodeData, SyncRequest, SyncTarget } from '../catalog/index.js'
import type { Clock, Timer } from '../common/clock.js'
import { MusterError, errorMessage } from '../common/errors.js'
import { serfHealthCheckId } from '../common/health.js'
import { Repeats, type Counter, type Logger, type Metrics } from '../telemetry/index.js'
import { checkData, serviceData } from './catalog-data.js'
import { DeferredOutputs } from './deferred-outputs.js'
import type { LocalChange, LocalState } from './local-state.js'
import { compare, isEmpty, sameNode, type Correction, type ServersService } from './sync-compare.js'
import { isWorking, next, type SyncEvent, type SyncState } from './sync-state.js'

/** What a {@link Sync} works with. */
export interface SyncDependencies {
  readonly local: LocalState
  readonly target: SyncTarget
  /** This node's entry as it should be now. */
  readonly node: () => NodeData
  /**
   * What the cluster keeps in the catalog for this server; it is there again when the agent has nothing of its id any
   * more.
   */
  readonly own: ServersService
  /**
   * Milliseconds within which a new output is sent along; 0 sends each one. Asked again each time, since it can change.
   */
  readonly checkUpdateInterval: () => number
  /** How many members the cluster has: large ones are compared less often. */
  readonly members: () => number
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  readonly log: Logger
  readonly metrics: Metrics
}

/**
 * A correction of someone else's change is due, and logged, within a minute: so this and the stagger together stay
 * below it.
 */
const fullInterval = 45_000
const fullStagger = 15_000
const retryInterval = 15_000
const retryStagger = 15_000
/**
 * A server that comes back is not met by all agents at once: three seconds for those of a cluster from this size on,
 * less for a smaller one.
 */
const serverStagger = 3_000
const largeCluster = 128
/** Corrections logged one by one in one comparison; a count stands for the rest. */
const loggedCorrections = 50

/**
 * Keeps the catalog's view of this node equal to the local state (anti-entropy). Each change here is pushed at once,
 * those of one turn of the event loop in one batch; a full comparison every minute puts back what others changed.
 */
export class Sync {
  readonly #deps: SyncDependencies
  readonly #outputs: DeferredOutputs
  readonly #failures: Counter
  readonly #corrections: Counter
  readonly #repeats: Repeats
  #state: SyncState = 'idle'
  #services = new Set<string>()
  #checks = new Set<string>()
  #fullWanted = false
  #changesWanted = false
  #syncedFully = false
  #waiters: (() => void)[] = []
  #working: Promise<void> = Promise.resolve()
  #fullTimer: Timer | undefined
  #subscription: { close(): void } | undefined
  #announceFirst: (() => void) | undefined

  constructor(deps: SyncDependencies) {
    this.#deps = deps
    this.#outputs = new DeferredOutputs(deps, ids => {
      for (const id of ids) this.#checks.add(id)
      this.#push()
    })
    this.#failures = deps.metrics.counter(
      'sync.failures',
      'attempts to bring entries of this node to the catalog that failed',
    )
    this.#repeats = new Repeats(deps.log, deps.clock)
    this.#corrections = deps.metrics.counter(
      'sync.corrections',
      'entries of this node that someone else had changed and that were put back',
    )
  }

  /**
   * Starts following the local state. Resolves when the first full comparison is committed, however often it must be
   * tried, or at {@link stop}.
   */
  start(): Promise<void> {
    this.#follow()
    const first = new Promise<void>(resolve => {
      this.#announceFirst = resolve
    })
    this.#fire('full-due')
    return first
  }

  /** Resolves when everything that has changed up to now was sent, or could not be, which was logged. */
  pushed(): Promise<void> {
    if (this.#state === 'stopped') return Promise.resolve()
    if (!this.#changesWanted) return this.#working
    return new Promise(resolve => {
      this.#waiters.push(resolve)
    })
  }

  /** A server has appeared, or anything else that makes a comparison worthwhile: one within three seconds. */
  soon(): void {
    const { members, random } = this.#deps
    this.#scheduleFull(serverStagger * Math.min(1, members() / largeCluster) * random())
  }

  /** The node's own entry has changed (its meta): it is compared and written at once. */
  nodeChanged(): void {
    this.#fire('full-due')
  }

  /** Goes on after {@link stop} with a full comparison. */
  resume(): void {
    if (this.#state !== 'stopped') return
    this.#state = 'idle'
    this.#follow()
    this.#fire('full-due')
  }

  /** Ends all work; what is on its way is waited for. */
  async stop(): Promise<void> {
    this.#subscription?.close()
    this.#fullTimer?.cancel()
    this.#outputs.close()
    const working = this.#working
    this.#state = next(this.#state, 'stop')
    this.#announceFirst?.()
    for (const resolve of this.#waiters.splice(0)) resolve()
    await working
  }

  #follow(): void {
    this.#subscription = this.#deps.local.subscribe(change => {
      this.#changed(change)
    })
  }

  #changed(change: LocalChange): void {
    if (change.kind === 'check' && change.what === 'output' && this.#outputs.defer(change.id)) return
    if (change.kind === 'check') {
      this.#outputs.forget(change.id)
      this.#checks.add(change.id)
    } else this.#services.add(change.id)
    this.#push()
  }

  /** Sends what changed, together with all that changes in this turn of the event loop. */
  #push(): void {
    if (this.#changesWanted || this.#state === 'stopped') return
    this.#changesWanted = true
    setImmediate(() => {
      if (this.#changesWanted) this.#fire('changes-due')
    })
  }

  #fire(event: SyncEvent): void {
    if (event === 'full-due') this.#fullWanted = true
    if (isWorking(this.#state)) return
    this.#state = next(this.#state, event)
    if (isWorking(this.#state)) this.#working = this.#work()
  }

  async #work(): Promise<void> {
    while (isWorking(this.#state)) {
      const waiters = this.#waiters.splice(0)
      this.#changesWanted = false
      if (this.#state === 'full') this.#fullWanted = false
      const outcome = await this.#attempt(this.#state === 'full')
      for (const resolve of waiters) resolve()
      this.#state = next(this.#state, outcome)
      if (outcome === 'failed') this.#scheduleFull(retryInterval + retryStagger * this.#deps.random())
      if (this.#fullWanted) this.#state = next(this.#state, 'full-due')
      else if (this.#changesWanted) this.#state = next(this.#state, 'changes-due')
    }
  }

  async #attempt(full: boolean): Promise<'succeeded' | 'failed'> {
    const services = this.#services
    const checks = this.#checks
    this.#services = new Set()
    this.#checks = new Set()
    try {
      if (full) await this.#compareAll(services, checks)
      else {
        const changes = this.#changes(services, checks)
        if (!isEmpty(changes)) await this.#deps.target.write(changes)
      }
      this.#repeats.over()
      return 'succeeded'
    } catch (error) {
      for (const id of services) this.#services.add(id)
      for (const id of checks) this.#checks.add(id)
      this.#failures.add()
      this.#repeats.tell(
        isWaiting(error) ? 'warn' : 'error',
        'could not bring entries of this node to the catalog, trying again',
        errorMessage(error),
        { full, error: errorMessage(error) },
      )
      return 'failed'
    }
  }

  async #compareAll(services: ReadonlySet<string>, checks: ReadonlySet<string>): Promise<void> {
    const { local, target, node, own, clock, random, members, log } = this.#deps
    const wanted = node()
    const started = clock.monotonic()
    const remote = await target.read(wanted.node)
    const { changes, corrections, tags } = compare(local, remote, wanted, {
      ignoreOutput: this.#deps.checkUpdateInterval() > 0,
      own,
    })
    for (const [id, foreign] of tags) if (!services.has(id)) local.adoptTags(id, foreign)
    const all = union(changes, this.#changes(services, checks))
    if (!isEmpty(all) || !sameNode(remote, wanted)) await target.write(all)
    this.#report(corrections.filter(({ entry }) => !isOwn(entry, services, checks)))
    log.debug('compared this node with the catalog', {
      written: all.put.services.length + all.put.checks.length,
      took: Math.round(clock.monotonic() - started) / 1000,
    })
    this.#scheduleFull(scale(members()) * (fullInterval + fullStagger * random()))
    this.#syncedFully = true
    this.#announceFirst?.()
    this.#announceFirst = undefined
  }

  /** Logs what was put back. What a starting agent adds is not a correction, but what it removes is worth a line. */
  #report(corrections: readonly Correction[]): void {
    const told = this.#syncedFully
      ? corrections
      : corrections.filter(({ reason }) => reason === 'registered by someone else')
    this.#corrections.add(told.length)
    for (const correction of told.slice(0, loggedCorrections)) {
      if (this.#syncedFully) this.#deps.log.warn('corrected an entry of this node in the catalog', { ...correction })
      else
        this.#deps.log.info('removed an entry of this node that is not declared any more', { entry: correction.entry })
    }
    if (told.length > loggedCorrections)
      this.#deps.log.warn('corrected more entries of this node in the catalog', {
        count: told.length - loggedCorrections,
      })
  }

  #changes(services: ReadonlySet<string>, checks: ReadonlySet<string>): SyncRequest {
    const { local, own } = this.#deps
    const node = this.#deps.node()
    const put: SyncRequest['put'] & { services: unknown[]; checks: unknown[] } = { services: [], checks: [] }
    const remove = { services: [] as string[], checks: [] as string[] }
    for (const id of services) {
      const service = local.services().get(id)
      if (service === undefined && id === own?.id) put.services.push({ ...own, node: node.node })
      else if (service === undefined) remove.services.push(id)
      else put.services.push(serviceData(node.node, service.definition))
    }
    for (const id of checks) {
      if (id === serfHealthCheckId) continue
      const check = local.checks().get(id)
      if (check === undefined) remove.checks.push(id)
      else put.checks.push(checkData(node.node, check))
    }
    return { node, put, remove }
  }

  #scheduleFull(delay: number): void {
    this.#fullTimer?.cancel()
    if (this.#state !== 'stopped')
      this.#fullTimer = this.#deps.clock.after(delay, () => {
        this.#fire('full-due')
      })
  }
}

const isOwn = (entry: string, services: ReadonlySet<string>, checks: ReadonlySet<string>): boolean =>
  entry.startsWith('service ') ? services.has(entry.slice(8)) : checks.has(entry.slice(6))

/** One more for each doubling of a cluster above 128 members, so that the comparisons of all together stay bearable. */
const scale = (members: number): number => (members <= 128 ? 1 : Math.ceil(Math.log2(members) - 7) + 1)

function union(a: SyncRequest, b: SyncRequest): SyncRequest {
  const byId = <Entry extends { readonly id: string }>(
    left: readonly Entry[],
    right: readonly Entry[],
  ): readonly Entry[] =>
    right.length === 0 ? left : [...new Map([...left, ...right].map(entry => [entry.id, entry])).values()]
  return {
    node: a.node,
    put: { services: byId(a.put.services, b.put.services), checks: byId(a.put.checks, b.put.checks) },
    remove: {
      services: [...new Set([...a.remove.services, ...b.remove.services])],
      checks: [...new Set([...a.remove.checks, ...b.remove.checks])],
    },
  }
}

/**
 * Whether no server can take a sync at the moment: the cluster is forming or electing, or no server has been found yet.
 */
const isWaiting = (error: unknown): boolean =>
  error instanceof MusterError && (error.code === 'STORE_NO_LEADER' || error.code === 'CLUSTER_NO_SERVERS')
