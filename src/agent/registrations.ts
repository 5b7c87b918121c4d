import type { CheckRunner } from '../checks/index.js'
import { MusterError, errorMessage } from '../common/errors.js'
import type { CheckDefinition, DeclaredCheck, DeclaredService, Origin, ServiceDefinition } from '../config/index.js'
import type { Logger } from '../telemetry/index.js'
import type { EntryOrigin, LocalCheck, ServiceRegistration } from './api.js'
import type { CheckStates } from './check-states.js'
import type { LocalState, RestoreStatus, Touched } from './local-state.js'
import { maintenanceCheckId } from './maintenance.js'
import type { PersistedCheck } from './persisted-shape.js'
import type { Persistence } from './persistence.js'

/** What {@link Registrations} works with. */
export interface RegistrationsDependencies {
  readonly local: LocalState
  readonly runner: CheckRunner
  readonly states: CheckStates
  readonly persistence: Persistence
  readonly log: Logger
}

/**
 * The one place where entries come and go: it moves the local state, starts and stops the checks that belong to it, and
 * keeps what clients registered on disk. Files win over clients where both declare the same id.
 */
export class Registrations {
  readonly #deps: RegistrationsDependencies
  /** Entries whose last write to disk failed: registering them again must not be taken for "nothing to do". */
  readonly #unsaved = new Set<string>()
  readonly #restore: RestoreStatus
  /** Checks of services that files have taken over since the start: not to be restored. */
  readonly #overruled = new Set<string>()

  constructor(deps: RegistrationsDependencies) {
    this.#deps = deps
    this.#restore = definition => deps.states.restore(definition)
  }

  /** Brings back what clients had registered. Call it before the files' entries, which overrule these. */
  restoreServices(services: readonly ServiceDefinition[]): void {
    for (const service of services)
      this.#deps.local.putService(service, byApi, { replaceChecks: 'none', withoutChecks: true })
  }

  /**
   * Brings back checks and maintenance marks that clients had registered. Call it after the files' entries, which they
   * may belong to.
   */
  restoreChecks(checks: readonly PersistedCheck[]): void {
    const { local, log } = this.#deps
    for (const entry of checks) {
      const serviceId = entry.Source === 'maintenance' ? entry.ServiceID : entry.Check.serviceId
      const id =
        entry.Source === 'maintenance' ? maintenanceCheckId(serviceId === '' ? undefined : serviceId) : entry.Check.id
      if (this.#overruled.has(id)) continue
      if (serviceId !== '' && !local.services().has(serviceId)) {
        log.warn('dropped a check of a service that is not there any more', { check: id, service: serviceId })
        this.#forget(this.#deps.persistence.deleteCheck(id))
      } else if (entry.Source === 'maintenance') {
        local.mark(serviceId === '' ? undefined : serviceId, entry.Reason, entry.Since)
      } else if (local.checks().get(id)?.origin.by === 'file') {
        log.warn('a file declares a check that was registered over the API: the file wins', { check: id })
        this.#forget(this.#deps.persistence.deleteCheck(id))
      } else {
        this.#run({ changed: false, put: present(local.putCheck(entry.Check, byApi, this.#restore)), gone: [] })
      }
    }
  }

  /** Registers a file's service, or changes it to what the file says now. */
  declareService({ definition, origin }: DeclaredService): void {
    const { local, log, persistence } = this.#deps
    if (local.services().get(definition.id)?.origin.by === 'api') {
      const owned = local.registered(definition.id)?.checks ?? []
      log.warn('a file declares a service that was registered over the API: the file wins', {
        service: definition.id,
        at: place(origin),
      })
      this.#forget(persistence.deleteService(definition.id))
      for (const check of owned) {
        this.#overruled.add(check.id)
        this.#forget(persistence.deleteCheck(check.id))
      }
    }
    this.#run(
      local.putService(definition, { by: 'file', at: origin }, { replaceChecks: 'own', restore: this.#restore }),
    )
  }

  /** Registers a file's check of its own; false, and logged, when the service it belongs to does not exist. */
  declareCheck({ definition, origin }: DeclaredCheck): boolean {
    const { local, log, persistence } = this.#deps
    if (definition.serviceId !== '' && !local.services().has(definition.serviceId)) {
      log.warn('a file declares a check of a service that does not exist', {
        check: definition.id,
        service: definition.serviceId,
        at: place(origin),
      })
      return false
    }
    if (local.checks().get(definition.id)?.origin.by === 'api') {
      log.warn('a file declares a check that was registered over the API: the file wins', {
        check: definition.id,
        at: place(origin),
      })
      this.#forget(persistence.deleteCheck(definition.id))
    }
    this.#run({
      changed: false,
      put: present(local.putCheck(definition, { by: 'file', at: origin }, this.#restore)),
      gone: [],
    })
    return true
  }

  /** A file declares this service no more. One that a client has registered since under that id stays. */
  withdrawService(id: string): void {
    if (this.#deps.local.services().get(id)?.origin.by === 'file') this.#removeService(id)
  }

  /** A file declares this check no more. */
  withdrawCheck(id: string): void {
    const { local, runner } = this.#deps
    if (local.checks().get(id)?.origin.by !== 'file') return
    local.removeCheck(id)
    runner.stop(id)
  }

  /** Registers a client's service. Resolves when it is on disk. */
  async registerService({ definition, replaceExistingChecks }: ServiceRegistration): Promise<void> {
    const { local, log, persistence } = this.#deps
    const before = local.services().get(definition.id)?.origin
    if (before?.by === 'file') {
      log.warn('a client registered a service that a file declares: the file wins at the next reload', {
        service: definition.id,
        at: place(before.at),
      })
    }
    const touched = local.putService(definition, byApi, { replaceChecks: replaceExistingChecks ? 'all' : 'none' })
    this.#run(touched)
    const names = [`service ${definition.id}`, ...definition.checks.map(check => `check ${check.id}`)]
    const unsaved = before?.by !== 'api' || touched.changed || names.some(name => this.#unsaved.has(name))
    const checks = unsaved ? definition.checks : touched.put.flatMap(check => check.definition ?? [])
    await Promise.all([
      ...(unsaved ? [this.#save(`service ${definition.id}`, persistence.putService(definition))] : []),
      ...checks.map(check => this.#save(`check ${check.id}`, persistence.putCheck(check))),
      ...touched.gone.map(id => this.#erase(`check ${id}`, persistence.deleteCheck(id))),
    ])
  }

  /** Registers a client's check. Resolves when it is on disk. */
  async registerCheck(definition: CheckDefinition): Promise<void> {
    const { local, persistence } = this.#deps
    const before = local.checks().get(definition.id)?.origin
    const name = `check ${definition.id}`
    const changed = local.putCheck(definition, byApi)
    this.#run({ changed: false, put: present(changed), gone: [] })
    if (changed === undefined && before?.by === 'api' && !this.#unsaved.has(name)) return
    await this.#save(name, persistence.putCheck(definition))
  }

  /**
   * Removes a service, whoever declared it, with its checks. Resolves when it is gone from disk; false when there is
   * none.
   */
  async removeService(id: string): Promise<boolean> {
    const { local, persistence } = this.#deps
    const origin = local.services().get(id)?.origin
    if (origin === undefined) return false
    const kept = local.checksOfService(id).filter(check => check.origin.by === 'api')
    this.#removeService(id)
    await Promise.all([
      ...(origin.by === 'api' ? [this.#erase(`service ${id}`, persistence.deleteService(id))] : []),
      ...kept.map(check => this.#erase(`check ${check.id}`, persistence.deleteCheck(check.id))),
    ])
    return true
  }

  /** Removes a check or a maintenance mark, whoever declared it. False when there is none. */
  async removeCheck(id: string): Promise<boolean> {
    const { local, persistence, runner } = this.#deps
    const check = local.checks().get(id)
    if (check === undefined) return false
    local.removeCheck(id)
    runner.stop(id)
    if (check.origin.by === 'api') await this.#erase(`check ${id}`, persistence.deleteCheck(id))
    return true
  }

  /**
   * Sets or lifts maintenance of a service, or of the node. Resolves when that is on disk; false when there is no such
   * service.
   */
  async setMaintenance(serviceId: string | undefined, enable: boolean, reason: string): Promise<boolean> {
    const { local, log, persistence } = this.#deps
    const id = maintenanceCheckId(serviceId)
    if (serviceId !== undefined && !local.services().has(serviceId)) return false
    if (!enable) {
      if (local.checks().has(id))
        log.info('maintenance has ended', serviceId === undefined ? {} : { service: serviceId })
      await this.removeCheck(id)
      return true
    }
    const name = `maintenance mark ${id}`
    if (local.checks().has(id) && !this.#unsaved.has(name)) return true
    if (!local.checks().has(id))
      log.info('maintenance has begun', { ...(serviceId !== undefined && { service: serviceId }), reason })
    local.mark(serviceId, reason)
    await this.#save(name, persistence.putMark(id, serviceId ?? '', reason, local.checks().get(id)?.since))
    return true
  }

  #removeService(id: string): void {
    const gone = this.#deps.local.removeService(id)
    if (gone !== undefined) this.#run(gone)
  }

  #run({ put, gone }: Touched): void {
    const { local, runner, states } = this.#deps
    for (const id of gone) runner.stop(id)
    for (const check of put) {
      if (check.definition === undefined) continue
      const expires = states.expires(check.id)
      const known = expires !== undefined || local.hasReported(check.id)
      runner.start(
        check.definition,
        known
          ? { status: check.status, output: check.output, ...(expires === undefined ? {} : { ttlExpires: expires }) }
          : undefined,
      )
      // The deadline of a TTL check exists only from here on.
      states.save(check.id)
    }
  }

  async #save(name: string, work: Promise<void>): Promise<void> {
    this.#unsaved.add(name)
    try {
      await work
    } catch (error) {
      throw new MusterError(
        'AGENT_NOT_SAVED',
        `${name} is registered, but would not survive a restart: ${errorMessage(error)}`,
        {
          cause: error,
          hint: 'it is saved as soon as that is possible again: make room, or make data_dir writable',
        },
      )
    }
    this.#unsaved.delete(name)
  }

  async #erase(name: string, work: Promise<void>): Promise<void> {
    try {
      await work
    } catch (error) {
      throw new MusterError(
        'AGENT_NOT_SAVED',
        `${name} is removed, but would come back at a restart: ${errorMessage(error)}`,
        {
          cause: error,
          hint: 'it is removed from the disk as soon as that is possible again: make data_dir writable',
        },
      )
    }
    this.#unsaved.delete(name)
  }

  /** For deletions that are not awaited: they are retried, and leftovers are deleted at the next start. */
  #forget(deletion: Promise<void>): void {
    deletion.catch((error: unknown) => {
      this.#deps.log.warn('could not delete a persisted entry', { error: errorMessage(error) })
    })
  }
}

const byApi: EntryOrigin = { by: 'api' }

const present = (check: LocalCheck | undefined): readonly LocalCheck[] => (check === undefined ? [] : [check])

const place = (origin: Origin): string => `${origin.file}:${origin.line}`
