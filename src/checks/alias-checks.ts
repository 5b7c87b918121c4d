import type { Clock, Timer } from '../common/clock.js'
import type { CheckDefinition } from '../config/index.js'
import { firstBytes } from './ttl-checks.js'
import type { AliasedCheck, AliasSource, CheckResult } from './types.js'

/** Aliases are evaluated at this interval even without a reported change. */
const sweepEvery = 60_000

interface Target {
  readonly service: string
  readonly node: string
}
interface Alias {
  definition: CheckDefinition
  readonly target: Target
  last: CheckResult | undefined
}

/**
 * The checks that mirror others: looked at after each change of anything they could mirror (all of one tick together)
 * and once a minute. Only a result that differs from the last one is reported, or an alias would answer its own report.
 */
export class AliasChecks {
  readonly #clock: Clock
  readonly #source: AliasSource
  readonly #report: (definition: CheckDefinition, result: CheckResult) => void
  readonly #checks = new Map<string, Alias>()
  #subscription: { close(): void } | undefined
  #soon: Timer | undefined
  #sweep: Timer | undefined

  constructor(clock: Clock, source: AliasSource, report: (definition: CheckDefinition, result: CheckResult) => void) {
    this.#clock = clock
    this.#source = source
    this.#report = report
  }

  start(definition: CheckDefinition, target: Target): void {
    this.#checks.set(definition.id, { definition, target, last: undefined })
    this.#subscription ??= this.#source.onChange(() => {
      this.#planRound()
    })
    this.#planRound()
    this.#planSweep()
  }

  redefine(definition: CheckDefinition): void {
    const check = this.#checks.get(definition.id)
    if (check !== undefined) check.definition = definition
  }

  stop(id: string): void {
    if (this.#checks.delete(id) && this.#checks.size === 0) this.close()
  }

  close(): void {
    this.#checks.clear()
    this.#subscription?.close()
    this.#soon?.cancel()
    this.#sweep?.cancel()
    this.#subscription = this.#soon = this.#sweep = undefined
  }

  #planRound(): void {
    this.#soon ??= this.#clock.after(0, () => {
      this.#soon = undefined
      this.#look()
    })
  }

  #planSweep(): void {
    this.#sweep ??= this.#clock.after(sweepEvery, () => {
      this.#sweep = undefined
      this.#look()
      if (this.#checks.size > 0) this.#planSweep()
    })
  }

  #look(): void {
    for (const [id, check] of [...this.#checks]) {
      // A report of this round may have stopped the check.
      if (this.#checks.get(id) !== check) continue
      const result = aliasResult(id, check.target, this.#source.statusOf(check.target), check.definition.outputMaxSize)
      if (check.last?.status === result.status && check.last.output === result.output) continue
      check.last = result
      this.#report(check.definition, result)
    }
  }
}

/** What an alias check makes of its target's checks: the worst of them. */
function aliasResult(
  id: string,
  target: Target,
  found: readonly AliasedCheck[] | 'absent',
  outputMaxSize: number,
): CheckResult {
  if (found === 'absent') {
    const { service, node } = target
    if (service === '') return { status: 'critical', output: `Node ${node} could not be found` }
    return {
      status: 'critical',
      output: `Service ${service} could not be found on ${node === '' ? 'this node' : `node ${node}`}`,
    }
  }
  // Leave out the alias itself: it would keep its own state for ever.
  const others = found.filter(check => check.id !== id)
  if (others.length === 0) return { status: 'passing', output: 'No checks found.' }
  const worst = others.find(check => check.status === 'critical') ?? others.find(check => check.status === 'warning')
  if (worst === undefined) return { status: 'passing', output: 'All checks passing.' }
  // Limit the output: aliases in a circle would quote each other without end.
  return {
    status: worst.status,
    output: firstBytes(`Aliased check "${worst.name}" failing: ${worst.output}`, outputMaxSize),
  }
}
