import { firstLine } from '../common/first-line.js'
import { printable } from '../common/printable.js'
import type { Logger } from '../telemetry/index.js'
import type { LocalState } from './local-state.js'

/** Characters of an output that a line of the log shows. */
const maxOutputLength = 200

/**
 * What one line of the log shows of a check's output: its first line, control characters written out, cut where it is
 * long.
 */
export function shownOutput(output: string): string {
  const line = printable(firstLine(output))
  return line.length > maxOutputLength ? `${line.slice(0, maxOutputLength)}…` : line
}

/**
 * Logs each change of a check's status from now on: one line, a warning where it has become critical. A new output
 * alone is no change.
 */
export function logStatusChanges(local: LocalState, log: Logger): { close(): void } {
  return local.subscribe(({ kind, id, old }) => {
    const check = kind === 'check' ? local.checks().get(id) : undefined
    if (check === undefined || old === undefined) return
    const { serviceId, serviceName, status, output } = check
    const service =
      serviceId === '' ? {} : { service: serviceId, ...(serviceName !== serviceId && { name: serviceName }) }
    log[status === 'critical' ? 'warn' : 'info']('the status of a check has changed', {
      check: id,
      ...service,
      old,
      new: status,
      output: shownOutput(output),
    })
  })
}
