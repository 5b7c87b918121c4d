import { isDeepStrictEqual } from 'node:util'
import type { EndSignal } from '../common/end-signal.js'
import { CountedMap, type CountedReads } from '../common/counted-map.js'
import type { CheckStatus } from '../common/health.js'
import type { CheckDefinition, ServiceDefinition } from '../config/index.js'
import type { EntryOrigin, LocalCheck, LocalReads, LocalService } from './api.js'
import { contentHash } from './content-hash.js'
import { maintenanceCheckId, maintenanceMark, maintenanceType } from './maintenance.js'
import { ServiceWaits } from './service-waits.js'

/** A change of the local state. `output`: a check has a new output and nothing else. */
export interface LocalChange {
  readonly kind: 'service' | 'check'
  readonly id: string
  readonly what: 'put' | 'status' | 'output' | 'gone'
  /** The status that the check had before, where it has another now. */
  readonly old?: CheckStatus
}

/**
 * Status and output that a check begins with instead of its definition's. `reported`: they came from a run or a report.
 * `since`: wall-clock ms of the last change of the status, where that is known. `old`: the status when the agent
 * stopped, where it changed while the agent was not running.
 */
export interface RestoredStatus {
  readonly status: CheckStatus
  readonly output: string
  readonly reported: boolean
  readonly since?: number
  readonly old?: CheckStatus
}

/**
 * Which checks a write touched, so that the caller can start and stop their runs; `changed`: the service itself is new
 * or different.
 */
export interface Touched {
  readonly changed: boolean
  readonly put: readonly LocalCheck[]
  readonly gone: readonly string[]
}

/** Gives what is known of a check that this state does not hold yet, e.g. from disk. */
export type RestoreStatus = (definition: CheckDefinition) => RestoredStatus | undefined

/**
 * The services and checks of this node, in memory. It knows nothing of disks, runs or the catalog: those follow its
 * changes. Each write announces what it changed and nothing else, so the same definition twice announces nothing.
 */
export class LocalState implements LocalReads {
  readonly #services = new CountedMap<string, ServiceEntry>()
  readonly #checks = new CountedMap<string, LocalCheck>()
  readonly #checkIds = new Map<string, Set<string>>()
  readonly #reported = new Set<string>()
  readonly #listeners = new Set<(change: LocalChange) => void>()
  readonly #waits = new ServiceWaits()
  readonly #now: () => number
  #discardOutput: boolean

  /** `now`: the wall clock, in ms. */
  constructor(options: { readonly discardOutput: boolean; readonly now: () => number }) {
    this.#discardOutput = options.discardOutput
    this.#now = options.now
  }

  services(): CountedReads<string, LocalService> {
    return this.#services
  }
  checks(): CountedReads<string, LocalCheck> {
    return this.#checks
  }

  checksOfService(serviceId: string): readonly LocalCheck[] {
    return [...(this.#checkIds.get(serviceId) ?? [])].flatMap(id => this.#checks.get(id) ?? [])
  }

  async waitForService(id: string, hash: string, ms: number, signal?: EndSignal): Promise<boolean> {
    const deadline = performance.now() + ms
    while (this.#services.get(id)?.contentHash === hash) {
      if (!(await this.#waits.wait(id, deadline - performance.now(), signal))) return false
    }
    return true
  }

  /** Calls `on` after each change, in order, before the write returns. */
  subscribe(on: (change: LocalChange) => void): { close(): void } {
    this.#listeners.add(on)
    return {
      close: () => {
        this.#listeners.delete(on)
      },
    }
  }

  /** Whether a check has had a result or a report since it was made; until then its status is the declared one. */
  hasReported(checkId: string): boolean {
    return this.#reported.has(checkId)
  }

  /** The definition as it was registered; `services()` shows foreign tags instead where tag override is on. */
  registered(serviceId: string): ServiceDefinition | undefined {
    return this.#services.get(serviceId)?.registered
  }

  /**
   * Registers a service and its checks. Existing check ids keep status and output. A check that the service's earlier
   * definition brought and this one does not goes with `replaceChecks`; `all` takes other checks of the service as
   * well, maintenance marks excepted.
   */
  putService(
    definition: ServiceDefinition,
    origin: EntryOrigin,
    options: {
      readonly replaceChecks: 'none' | 'own' | 'all'
      readonly restore?: RestoreStatus
      readonly withoutChecks?: boolean
    },
  ): Touched {
    const before = this.#services.get(definition.id)
    const same = before !== undefined && isDeepStrictEqual(before.registered, definition)
    const entry = new ServiceEntry(same ? before.definition : definition, origin, definition)
    this.#services.set(definition.id, entry)
    if (!same) this.#announce({ kind: 'service', id: definition.id, what: 'put' })
    const gone = this.#outdatedChecks(definition, before?.registered, options.replaceChecks)
    for (const id of gone) this.removeCheck(id)
    const put =
      options.withoutChecks === true
        ? []
        : definition.checks.flatMap(check => this.putCheck(check, origin, options.restore) ?? [])
    return { changed: !same, put, gone }
  }

  /** Removes a service with all its checks; undefined when there is none of that id. */
  removeService(id: string): Touched | undefined {
    if (!this.#services.has(id)) return undefined
    const gone = [...(this.#checkIds.get(id) ?? [])]
    for (const checkId of gone) this.removeCheck(checkId)
    this.#services.delete(id)
    this.#announce({ kind: 'service', id, what: 'gone' })
    return { changed: true, put: [], gone }
  }

  /**
   * Registers a check. Returns it when its definition or the service it stands for is new or changed, undefined when
   * all is as it was.
   */
  putCheck(definition: CheckDefinition, origin: EntryOrigin, restore?: RestoreStatus): LocalCheck | undefined {
    const before = this.#checks.get(definition.id)
    const service = this.#services.get(definition.serviceId)?.definition
    const restored = before === undefined ? restore?.(definition) : undefined
    if (restored?.reported === true) this.#reported.add(definition.id)
    const known = before ?? restored
    const since = known === undefined ? this.#now() : known.since
    const check: LocalCheck = {
      id: definition.id,
      name: definition.name,
      status: known?.status ?? definition.status,
      notes: definition.notes,
      output: this.#discardOutput ? '' : (known?.output ?? ''),
      serviceId: definition.serviceId,
      serviceName: service?.name ?? '',
      serviceTags: service?.tags ?? [],
      type: definition.kind.type,
      definition,
      origin,
      ...(since !== undefined && { since }),
    }
    this.#store(check, before)
    const same = before !== undefined && isDeepStrictEqual(before.definition, definition)
    if (same && before.serviceName === check.serviceName && isDeepStrictEqual(before.serviceTags, check.serviceTags))
      return undefined
    this.#announce({
      kind: 'check',
      id: check.id,
      what: 'put',
      ...(restored?.old !== undefined && { old: restored.old }),
    })
    return same ? undefined : check
  }

  /** Removes a check or a maintenance mark; false when there is none of that id. */
  removeCheck(id: string): boolean {
    const check = this.#checks.get(id)
    if (check === undefined) return false
    this.#checks.delete(id)
    this.#reported.delete(id)
    this.#unlink(check)
    this.#announce({ kind: 'check', id, what: 'gone' })
    return true
  }

  /**
   * Takes a result. The same status and output again change nothing; a check's first result counts like a new status.
   */
  setStatus(id: string, status: CheckStatus, output: string): void {
    const before = this.#checks.get(id)
    if (before === undefined) return
    const kept = this.#discardOutput ? '' : output
    const first = !this.#reported.has(id)
    this.#reported.add(id)
    if (before.status === status && before.output === kept) return
    const moved = before.status !== status
    this.#checks.set(id, { ...before, status, output: kept, ...(moved && { since: this.#now() }) })
    this.#announce({
      kind: 'check',
      id,
      what: first || moved ? 'status' : 'output',
      ...(moved && { old: before.status }),
    })
  }

  /**
   * Sets a maintenance mark; the first reason stays when there is one already. `serviceId` undefined: the node.
   * `since`: wall-clock ms of its beginning, now unless given. False: no such service.
   */
  mark(serviceId: string | undefined, reason: string, since = this.#now()): boolean {
    const service = serviceId === undefined ? undefined : this.#services.get(serviceId)
    if (serviceId !== undefined && service === undefined) return false
    if (this.#checks.has(maintenanceCheckId(serviceId))) return true
    const mark = maintenanceMark(service, reason, since)
    this.#store(mark, undefined)
    this.#announce({ kind: 'check', id: mark.id, what: 'put' })
    return true
  }

  /**
   * Shows the tags that the catalog holds for a service with tag override. Not a change to push: the catalog has them
   * already.
   */
  adoptTags(serviceId: string, tags: readonly string[]): void {
    const entry = this.#services.get(serviceId)
    if (entry === undefined) return
    this.#services.set(serviceId, new ServiceEntry({ ...entry.definition, tags }, entry.origin, entry.registered))
    this.#waits.wake(serviceId)
  }

  /** Updates the place that an unchanged entry is declared at, e.g. when a line above it was added. */
  moveOrigin(kind: 'service' | 'check', id: string, origin: EntryOrigin): void {
    if (kind === 'check') {
      const check = this.#checks.get(id)
      if (check !== undefined) this.#checks.set(id, { ...check, origin })
      return
    }
    const entry = this.#services.get(id)
    if (entry === undefined) return
    this.#services.set(id, new ServiceEntry(entry.definition, origin, entry.registered))
    for (const check of entry.registered.checks) this.moveOrigin('check', check.id, origin)
  }

  /** Switches `discard_check_output`; turned on, the outputs that are kept go at once. */
  discardOutput(discard: boolean): void {
    this.#discardOutput = discard
    if (!discard) return
    for (const check of this.#checks.values()) if (check.output !== '') this.setStatus(check.id, check.status, '')
  }

  #outdatedChecks(
    definition: ServiceDefinition,
    before: ServiceDefinition | undefined,
    replace: 'none' | 'own' | 'all',
  ): readonly string[] {
    if (replace === 'none') return []
    const wanted = new Set(definition.checks.map(check => check.id))
    const candidates = replace === 'own' ? (before?.checks ?? []) : this.checksOfService(definition.id)
    return candidates
      .map(check => check.id)
      .filter(
        id =>
          !wanted.has(id)
          && this.#checks.get(id)?.serviceId === definition.id
          && this.#checks.get(id)?.type !== maintenanceType,
      )
  }

  #store(check: LocalCheck, before: LocalCheck | undefined): void {
    if (before !== undefined && before.serviceId !== check.serviceId) this.#unlink(before)
    this.#checks.set(check.id, check)
    const ids = this.#checkIds.get(check.serviceId)
    if (ids === undefined) this.#checkIds.set(check.serviceId, new Set([check.id]))
    else ids.add(check.id)
  }

  #unlink(check: LocalCheck): void {
    const ids = this.#checkIds.get(check.serviceId)
    ids?.delete(check.id)
    if (ids?.size === 0) this.#checkIds.delete(check.serviceId)
  }

  #announce(change: LocalChange): void {
    if (change.kind === 'service') this.#waits.wake(change.id)
    for (const on of [...this.#listeners]) on(change)
  }
}

/** A service as shown and as registered. The hash is made when first asked for: most services are never asked. */
class ServiceEntry implements LocalService {
  readonly definition: ServiceDefinition
  readonly origin: EntryOrigin
  readonly registered: ServiceDefinition
  #hash: string | undefined

  constructor(definition: ServiceDefinition, origin: EntryOrigin, registered: ServiceDefinition) {
    this.definition = definition
    this.origin = origin
    this.registered = registered
  }

  get contentHash(): string {
    this.#hash ??= contentHash(this.definition)
    return this.#hash
  }
}
