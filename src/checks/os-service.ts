import { formatDuration, milliseconds } from '../common/duration.js'
import { runProcess } from './process.js'
import type { CheckResult, PolledKind } from './types.js'

/** States of a systemd unit in which it is on its way to `active`. */
const transient = new Set(['activating', 'reloading', 'refreshing', 'maintenance'])

/** Asks systemd for the state of a unit: `active` is passing, on the way there is warning, all else critical. */
export const osService: PolledKind<'os_service'> = {
  type: 'os_service',
  async run(options, { signal, outputMaxSize }) {
    const { how, output } = await runProcess(['systemctl', 'is-active', '--', options.service], { signal, outputMaxSize, timeout: options.timeout })
    switch (how.type) {
      case 'exit': return byState(options.service, output.text().trim())
      case 'signal': return critical(`systemctl was ended by signal ${how.signal}`)
      case 'no-start': return { ...critical(`cannot ask systemd for "${options.service}", systemctl does not start: ${how.error.message}`), bypassThresholds: true }
      case 'timeout': return critical(`systemctl did not answer within ${formatDuration(milliseconds(options.timeout))}`)
      case 'aborted': return critical('stopped')
    }
  },
}

const critical = (output: string): CheckResult => ({ status: 'critical', output })

function byState(service: string, state: string): CheckResult {
  const output = /^[a-z-]+$/.test(state) ? `Service "${service}" is ${state}` : `Service "${service}": ${state === '' ? 'no answer from systemctl' : state}`
  return { status: state === 'active' ? 'passing' : transient.has(state) ? 'warning' : 'critical', output }
}
