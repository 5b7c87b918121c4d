import { createHash } from 'node:crypto'
import type {
  AgentApi,
  LocalCheck,
  LocalService,
  PlanReport,
  Readiness,
  ReloadReport,
  ServiceRegistration,
} from '../../../src/agent/index.js'
import { CountedMap, type CountedReads } from '../../../src/common/counted-map.js'
import { MusterError } from '../../../src/common/errors.js'
import { nodeMaintenanceCheckId, serviceMaintenancePrefix, type CheckStatus } from '../../../src/common/health.js'
import type { CheckDefinition, Declared, LoadedFile, Settings } from '../../../src/config/index.js'

/** An agent in memory that keeps what it is told and pushes it nowhere. Tests reach into its maps. */
export class AgentTwin implements AgentApi {
  readonly nodeId = '0d7b4d0a-6f0e-4f9b-9f0a-6d1f5a3c2b10'
  readonly declared: Declared = { services: new Map(), checks: new Map(), watches: [] }
  files: readonly LoadedFile[] = []
  readonly configPaths = ['conf']
  readonly told: string[] = []
  ready: Readiness = { ready: true }
  next: ReloadReport
  readonly #services = new CountedMap<string, LocalService>()
  readonly #checks = new CountedMap<string, LocalCheck>()
  readonly #listeners = new Set<() => void>()

  constructor(readonly settings: Settings) {
    this.next = report('applied')
  }

  get lastReload(): ReloadReport {
    return this.next
  }
  readiness(): Readiness {
    return this.ready
  }
  services(): CountedReads<string, LocalService> {
    return this.#services
  }
  checks(): CountedReads<string, LocalCheck> {
    return this.#checks
  }
  checksOfService(serviceId: string): readonly LocalCheck[] {
    return [...this.#checks.values()].filter(check => check.serviceId === serviceId)
  }

  /** As a file at that place declares it. */
  declare(service: LocalService['definition'], file: string, line: number): void {
    this.#services.set(service.id, {
      definition: service,
      origin: { by: 'file', at: { file, line, column: 3 } },
      contentHash: hashOf(service),
    })
  }

  waitForService(id: string, hash: string, ms: number, signal?: AbortSignal): Promise<boolean> {
    return new Promise(resolve => {
      const finish = (changed: boolean): void => {
        clearTimeout(timer)
        this.#listeners.delete(look)
        resolve(changed)
      }
      const look = (): void => {
        if (this.#services.get(id)?.contentHash !== hash) finish(true)
      }
      const timer = setTimeout(() => {
        finish(false)
      }, ms)
      signal?.addEventListener('abort', () => {
        finish(false)
      })
      this.#listeners.add(look)
      look()
    })
  }

  registerService({ definition, replaceExistingChecks }: ServiceRegistration): Promise<void> {
    this.told.push(`register ${definition.id}${replaceExistingChecks ? ' replacing' : ''}`)
    this.#services.set(definition.id, { definition, origin: { by: 'api' }, contentHash: hashOf(definition) })
    for (const look of this.#listeners) look()
    return Promise.resolve()
  }

  deregisterService(id: string): Promise<boolean> {
    this.told.push(`deregister ${id}`)
    const known = this.#services.delete(id)
    for (const look of this.#listeners) look()
    return Promise.resolve(known)
  }

  registerCheck(definition: CheckDefinition): Promise<void> {
    const service = this.#services.get(definition.serviceId)
    if (definition.serviceId !== '' && service === undefined) {
      return Promise.reject(
        new MusterError('AGENT_UNKNOWN_SERVICE', `ServiceID "${definition.serviceId}" does not exist`),
      )
    }
    this.#put(definition.id, {
      name: definition.name,
      status: definition.status,
      notes: definition.notes,
      serviceId: definition.serviceId,
      serviceName: service?.definition.name ?? '',
      serviceTags: service?.definition.tags ?? [],
      type: definition.kind.type,
      definition,
    })
    return Promise.resolve()
  }

  deregisterCheck(id: string): Promise<boolean> {
    this.told.push(`deregister check ${id}`)
    return Promise.resolve(this.#checks.delete(id))
  }

  reportTtl(checkId: string, status: CheckStatus, output: string): Promise<void> {
    const check = this.#checks.get(checkId)
    if (check?.type !== 'ttl')
      return Promise.reject(new MusterError('CHECK_NOT_TTL', `CheckID "${checkId}" does not have associated TTL`))
    this.#checks.set(checkId, { ...check, status, output })
    return Promise.resolve()
  }

  setMaintenance(serviceId: string | undefined, enable: boolean, reason: string): Promise<boolean> {
    if (serviceId !== undefined && !this.#services.has(serviceId)) return Promise.resolve(false)
    const id = serviceId === undefined ? nodeMaintenanceCheckId : serviceMaintenancePrefix + serviceId
    if (enable) {
      this.#put(id, {
        name: serviceId === undefined ? 'Node Maintenance Mode' : 'Service Maintenance Mode',
        status: 'critical',
        notes: reason,
        serviceId: serviceId ?? '',
        serviceName: serviceId === undefined ? '' : (this.#services.get(serviceId)?.definition.name ?? ''),
        serviceTags: [],
        type: 'maintenance',
        definition: undefined,
      })
    } else this.#checks.delete(id)
    return Promise.resolve(true)
  }

  reload(cause: 'signal' | 'api'): Promise<ReloadReport> {
    this.told.push(`reload ${cause}`)
    return Promise.resolve(this.next)
  }

  plan(): Promise<PlanReport> {
    return Promise.resolve(this.next)
  }
  onSettings(): void {
    this.told.push('onSettings')
  }
  onReload(): void {
    this.told.push('onReload')
  }
  serversChanged(): void {
    this.told.push('serversChanged')
  }

  leave(): Promise<void> {
    this.told.push('leave')
    return Promise.resolve()
  }

  #put(id: string, check: Omit<LocalCheck, 'id' | 'output' | 'origin'>): void {
    this.#checks.set(id, { id, output: '', origin: { by: 'api' }, ...check })
  }
}

/** A reload's outcome with nothing in it. */
export const report = (outcome: ReloadReport['outcome'], parts: Partial<ReloadReport> = {}): ReloadReport => ({
  number: 2,
  cause: 'api',
  at: 1_700_000_000_000,
  took: 3,
  outcome,
  changes: [],
  settings: [],
  needsRestart: [],
  removalsWait: [],
  diagnostics: [],
  ...parts,
})

const hashOf = (definition: LocalService['definition']): string =>
  createHash('sha256').update(JSON.stringify(definition)).digest('hex').slice(0, 16)
