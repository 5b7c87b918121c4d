import { printable } from '../common/printable.js'
import type { Logger } from '../telemetry/index.js'
import type { LocalState } from './local-state.js'

/** Characters of an output that a line of the log shows. */
const longestOutput = 200

/** The first line of a check's output that says anything, for one line of the log: control characters written out, and cut where it is long. */
export function firstLine(output: string): string {
  const line = printable(output.split('\n').map(one => one.trim()).find(one => one !== '') ?? '')
  return line.length > longestOutput ? `${line.slice(0, longestOutput)}…` : line
}

/** Logs each change of a check's status from now on: one line, a warning where it has become critical. A new output alone is no change. */
export function logStatusChanges(local: LocalState, log: Logger): { close(): void } {
  return local.subscribe(({ kind, id, old }) => {
    const check = kind === 'check' ? local.checks().get(id) : undefined
    if (check === undefined || old === undefined) return
    const { serviceId, serviceName, status, output } = check
    const service = serviceId === '' ? {} : { service: serviceId, ...serviceName !== serviceId && { name: serviceName } }
    log[status === 'critical' ? 'warn' : 'info']('the status of a check has changed', { check: id, ...service, old, new: status, output: firstLine(output) })
  })
}
