import { MusterError, errorMessage } from '../common/errors.js'
import type { Clock } from '../common/clock.js'
import { Repeats, type Logger } from '../telemetry/index.js'
import type { Report, StartFailure } from './child/actions.js'
import { lineText, type EtcdLine } from './log-line.js'

/** Lines of etcd's log that a crash is reported with. */
const maxReportedLines = 10

/** Puts into the agent's log what becomes of its etcd. */
export class ChildReports {
  readonly #log: Logger
  readonly #failures: Repeats

  constructor(log: Logger, clock: Clock) {
    this.#log = log
    this.#failures = new Repeats(log, clock)
  }

  report(report: Report): void {
    switch (report.what) {
      case 'replaced':
        this.#log.info('ends the etcd that an agent before has started, as it runs otherwise than it should', {
          pid: report.pid,
        })
        return
      case 'removed':
        this.#log.warn('etcd has ended: its cluster has removed it')
        return
      case 'given-up': {
        const { reason, hint } = report.cause
        this.#log.error('etcd has ended and is not started again', { reason, hint, lines: lastTexts(report.lines) })
        return
      }
      case 'crashed': {
        const { cause, delayMs } = report
        this.#failures.tell('error', 'etcd has ended and is started again', `${cause.reason} ${delayMs}`, {
          reason: cause.reason,
          ...(cause.hint !== undefined && { hint: cause.hint }),
          after: delayMs / 1000,
          lines: lastTexts(report.lines),
        })
        return
      }
      case 'not-launched': {
        const reason = errorMessage(report.error)
        this.#failures.tell('error', 'etcd cannot be started', reason, { reason })
      }
    }
  }
}

/** The error for whoever has asked for a start that failed. */
export function startError(failure: StartFailure, directory: string): unknown {
  switch (failure.why) {
    case 'error':
      return failure.error
    case 'stopped':
      return new MusterError('ETCD_FAILED', 'etcd does not start: it was stopped')
    case 'exited': {
      const { kind, reason, hint } = failure.cause
      return new MusterError(kind === 'removed' ? 'ETCD_REMOVED' : 'ETCD_FAILED', `etcd does not start: ${reason}`, {
        hint: hint ?? `see its log in ${directory}/etcd.log`,
      })
    }
  }
}

const lastTexts = (lines: readonly EtcdLine[]): readonly string[] =>
  lines.slice(-maxReportedLines).map(line => lineText(line).slice(0, 300))
