import { isDeepStrictEqual } from 'node:util'
import { checkKinds, type KindName } from '../check-kinds/index.js'
import type { CheckStatus } from '../common/health.js'
import type { CheckDefinition } from '../config/index.js'
import { AliasChecks } from './alias-checks.js'
import { PolledChecks } from './polled-checks.js'
import { Reaper } from './reaper.js'
import { TtlChecks } from './ttl-checks.js'
import type { CheckReports, CheckResult, CheckRunner, ResumedState, RunnerDependencies } from './types.js'

/** Builds the runner of one agent's checks. Nothing runs before `start`. */
export const createCheckRunner = (deps: RunnerDependencies): CheckRunner => new Runner(deps)

class Runner implements CheckRunner {
  readonly #reports: CheckReports
  readonly #definitions = new Map<string, CheckDefinition>()
  readonly #counts = Object.fromEntries(checkKinds.map(({ name }) => [name, 0])) as Record<KindName, number>
  readonly #polled: PolledChecks
  readonly #ttl: TtlChecks
  readonly #alias: AliasChecks
  readonly #reaper: Reaper
  #closed = false

  constructor(deps: RunnerDependencies) {
    const report = (definition: CheckDefinition, result: CheckResult): void => {
      this.#report(definition, result)
    }
    this.#reports = deps.reports
    this.#polled = new PolledChecks(deps, report)
    this.#ttl = new TtlChecks(deps.clock, report)
    this.#alias = new AliasChecks(deps.clock, deps.aliases, report)
    this.#reaper = new Reaper(deps.clock, (serviceId, checkId) => {
      deps.reports.reap(serviceId, checkId)
    })
  }

  start(definition: CheckDefinition, resume?: ResumedState): void {
    if (this.#closed) return
    const before = this.#definitions.get(definition.id)
    if (before !== undefined && asksTheSame(before, definition)) {
      this.#redefine(definition)
      return
    }
    if (before !== undefined) this.stop(before.id)
    this.#definitions.set(definition.id, definition)
    this.#counts[definition.kind.type]++
    this.#reaper.watch(definition)
    switch (definition.kind.type) {
      case 'ttl':
        this.#ttl.start(definition, definition.kind.ttl, resume)
        break
      case 'alias':
        this.#alias.start(definition, definition.kind)
        break
      // A changed check (`before` is set) runs soon, so that its author sees the result.
      default:
        this.#polled.start(definition, definition.kind, resume !== undefined && before === undefined)
    }
  }

  stop(checkId: string): void {
    const definition = this.#definitions.get(checkId)
    if (definition === undefined) return
    this.#definitions.delete(checkId)
    this.#counts[definition.kind.type]--
    this.#reaper.forget(checkId)
    this.#part(definition).stop(checkId)
  }

  heartbeat(checkId: string, status: CheckStatus, output: string): void {
    this.#ttl.heartbeat(checkId, status, output)
  }

  ttlDeadline(checkId: string): number | undefined {
    return this.#ttl.deadline(checkId)
  }

  counts(): Readonly<Record<KindName, number>> {
    return { ...this.#counts }
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const id of [...this.#definitions.keys()]) this.stop(id)
    this.#ttl.close()
    this.#alias.close()
    this.#reaper.close()
    await this.#polled.close()
  }

  #redefine(definition: CheckDefinition): void {
    this.#definitions.set(definition.id, definition)
    this.#part(definition).redefine(definition)
  }

  #part(definition: CheckDefinition): PolledChecks | TtlChecks | AliasChecks {
    switch (definition.kind.type) {
      case 'ttl':
        return this.#ttl
      case 'alias':
        return this.#alias
      default:
        return this.#polled
    }
  }

  #report(definition: CheckDefinition, { status, output }: CheckResult): void {
    this.#reaper.observed(definition.id, status)
    this.#reports.report(definition.id, status, output)
  }
}

/**
 * Whether two definitions differ in nothing that running them depends on: name, notes, token and the like may differ.
 */
function asksTheSame(a: CheckDefinition, b: CheckDefinition): boolean {
  return (
    a === b
    || (a.serviceId === b.serviceId
      && a.outputMaxSize === b.outputMaxSize
      && a.successBeforePassing === b.successBeforePassing
      && a.failuresBeforeWarning === b.failuresBeforeWarning
      && a.failuresBeforeCritical === b.failuresBeforeCritical
      && a.deregisterCriticalServiceAfter === b.deregisterCriticalServiceAfter
      && isDeepStrictEqual(a.kind, b.kind))
  )
}
