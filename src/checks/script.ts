import { formatDuration, milliseconds } from '../common/duration.js'
import { errorCode } from '../common/errors.js'
import { runProcess } from '../common/process.js'
import type { PolledKind } from './types.js'

/** Runs a program: exit 0 is passing, 1 warning, anything else critical. */
export const script: PolledKind<'script'> = {
  type: 'script',
  async run(options, { signal, outputMaxSize }) {
    const { how, output } = await runProcess(options.args, { signal, outputMaxSize, timeout: options.timeout })
    switch (how.type) {
      case 'exit':
        return {
          status: how.code === 0 ? 'passing' : how.code === 1 ? 'warning' : 'critical',
          output: output.markedText(),
        }
      case 'signal':
        return { status: 'critical', output: output.total > 0 ? output.markedText() : `ended by signal ${how.signal}` }
      case 'no-start':
        return { status: 'critical', output: cannotStart(options.args[0] ?? '', how.error), bypassThresholds: true }
      case 'timeout': {
        const first = `Timed out (${formatDuration(milliseconds(options.timeout))}) running check`
        const text = output.markedText()
        return { status: 'critical', output: text === '' ? first : `${first}\n\n${text}`, bypassThresholds: true }
      }
      case 'aborted':
        return { status: 'critical', output: 'stopped', bypassThresholds: true }
    }
  },
}

function cannotStart(program: string, error: Error): string {
  switch (errorCode(error)) {
    case 'ENOENT':
      return `cannot start "${program}": ${program.includes('/') ? 'no such file' : 'executable file not found in $PATH'}`
    case 'EACCES':
      return `cannot start "${program}": permission denied`
    default:
      return `cannot start "${program}": ${error.message}`
  }
}
