import { formatDuration, milliseconds } from '../common/duration.js'
import { errorCode } from '../common/errors.js'
import { runProcess } from '../common/process.js'
import type { CheckResult, PolledKind } from './types.js'

/** States of a systemd unit in which it is on its way to `active`. */
const transient = new Set(['activating', 'reloading', 'refreshing', 'maintenance'])

/** Asks systemd for the state of a unit: `active` is passing, on the way there is warning, all else critical. */
export const osService: PolledKind<'os_service'> = {
  type: 'os_service',
  async run(options, { signal, outputMaxSize }) {
    const command = ['systemctl', 'is-active', '--', options.service]
    const { how, output } = await runProcess(command, { signal, outputMaxSize, timeout: options.timeout })
    switch (how.type) {
      case 'exit':
        return byState(options.service, output.text().trim())
      case 'signal':
        return critical(`systemctl was ended by signal ${how.signal}`)
      case 'no-start':
        return {
          ...critical(`cannot ask systemd about "${options.service}": ${reason(how.error)}`),
          bypassThresholds: true,
        }
      case 'timeout':
        return critical(`systemctl did not answer within ${formatDuration(milliseconds(options.timeout))}`)
      case 'aborted':
        return critical('stopped')
    }
  },
}

const critical = (output: string): CheckResult => ({ status: 'critical', output })

const reason = (error: Error): string =>
  errorCode(error) === 'ENOENT' ? 'there is no systemctl in $PATH' : `systemctl does not start: ${error.message}`

function byState(service: string, state: string): CheckResult {
  // Anything but one word is an error of systemctl, e.g. that there is no systemd to talk to.
  const said = /^[a-z-]+$/.test(state) ? ` is ${state}` : `: ${state === '' ? 'no answer' : state}`
  const output = `Service "${service}"${said}`
  return { status: state === 'active' ? 'passing' : transient.has(state) ? 'warning' : 'critical', output }
}
