import { MusterError } from '../common/errors.js'
import type { Clock } from '../common/clock.js'
import type { CheckStatus } from '../common/health.js'
import type { CheckDefinition } from '../config/index.js'
import { Schedule, type Scheduled } from './schedule.js'
import type { CheckResult, ResumedState } from './types.js'

class Ttl implements Scheduled {
  due = 0
  place = -1
  definition: CheckDefinition
  readonly ttl: number
  lastOutput: string
  constructor(definition: CheckDefinition, ttl: number, lastOutput: string) {
    this.definition = definition
    this.ttl = ttl
    this.lastOutput = lastOutput
  }
}

/** The checks that applications report themselves, and that turn critical when a report is overdue. */
export class TtlChecks {
  readonly #clock: Clock
  readonly #report: (definition: CheckDefinition, result: CheckResult) => void
  readonly #checks = new Map<string, Ttl>()
  readonly #schedule: Schedule<Ttl>

  constructor(clock: Clock, report: (definition: CheckDefinition, result: CheckResult) => void) {
    this.#clock = clock
    this.#report = report
    this.#schedule = new Schedule<Ttl>(clock, check => {
      report(check.definition, { status: 'critical', output: expiredOutput(check.lastOutput) })
    })
  }

  /** The clock runs from the start on, or on towards the resumed deadline, but never for longer than the TTL. */
  start(definition: CheckDefinition, ttl: number, resume: ResumedState | undefined): void {
    const check = new Ttl(definition, ttl, resume?.output ?? '')
    this.#checks.set(definition.id, check)
    const left = resume?.ttlExpires === undefined ? ttl : Math.min(ttl, resume.ttlExpires - this.#clock.now())
    this.#schedule.set(check, this.#clock.monotonic() + left)
  }

  redefine(definition: CheckDefinition): void {
    const check = this.#checks.get(definition.id)
    if (check !== undefined) check.definition = definition
  }

  stop(id: string): void {
    const check = this.#checks.get(id)
    if (check === undefined) return
    this.#checks.delete(id)
    this.#schedule.remove(check)
  }

  /** @throws MusterError CHECK_NOT_TTL */
  heartbeat(id: string, status: CheckStatus, output: string): void {
    const check = this.#checks.get(id)
    if (check === undefined) {
      throw new MusterError('CHECK_NOT_TTL', `CheckID "${id}" does not have associated TTL`, {
        hint: 'only a check declared with "ttl" takes reports',
      })
    }
    check.lastOutput = firstBytes(output, check.definition.outputMaxSize)
    this.#schedule.set(check, this.#clock.monotonic() + check.ttl)
    this.#report(check.definition, { status, output: check.lastOutput })
  }

  /** Wall-clock milliseconds; undefined when it has expired or there is no such check. */
  deadline(id: string): number | undefined {
    const check = this.#checks.get(id)
    if (check === undefined || check.place < 0) return undefined
    return Math.round(this.#clock.now() + check.due - this.#clock.monotonic())
  }

  close(): void {
    this.#checks.clear()
    this.#schedule.close()
  }
}

/** One that had expired before a restart has said so already. */
function expiredOutput(last: string): string {
  if (last.startsWith(expired)) return last
  return last === '' ? expired : `${expired} (last output before timeout follows): ${last}`
}

const expired = 'TTL expired'

/**
 * The first bytes of a report, with a note when that is not all; a character that the cut would go through is left out.
 */
export function firstBytes(output: string, limit: number): string {
  const total = Buffer.byteLength(output)
  if (total <= limit) return output
  const bytes = Buffer.from(output)
  let end = limit
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return `${bytes.toString('utf8', 0, end)} ... (captured ${limit} of ${total} bytes)`
}
