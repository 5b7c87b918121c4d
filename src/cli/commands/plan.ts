import { MusterError } from '../../common/errors.js'
import { flagValue } from '../../common/flags.js'
import { changeLines, changeSummary, type ChangeReport } from '../changes.js'
import { Client } from '../client.js'
import { clientFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import { getOwn } from '../consul-agent.js'

/** `muster plan`. */
export const command: Command = {
  usage: 'plan [options]',
  description:
    'Shows what a reload would change, without changing anything: + added, ~ changed, - removed, with the place that declares it. Exits with 0 when there is nothing to do, 2 when there is, 1 when files are broken.',
  examples: [
    ['muster plan', 'with an agent that runs -auto-reload-config=false: look before you reload'],
    ['muster plan -format=json', 'for scripts'],
  ],
  flags: [
    { name: 'format', type: 'string', placeholder: 'text|json', help: 'form of the output (default text)' },
    ...clientFlags,
  ],
  async run(flags, io) {
    const format = flagValue(flags, 'format') ?? 'text'
    if (format !== 'text' && format !== 'json')
      throw new MusterError('USAGE', `"${format}" is no format`, { hint: 'text and json are allowed' })
    const client = await Client.connect(flags, io)
    const report = await getOwn<ChangeReport>(client, '/v1/agent/plan', 'plan of a reload')
    if (format === 'json') io.out(`${JSON.stringify(report, null, 2)}\n`)
    else {
      for (const { text } of report.diagnostics) io.err(`${text}\n`)
      io.out(changeLines(report, io.color))
      io.out(isEmpty(report) ? 'No changes.\n' : `Plan: ${changeSummary(report)}\n`)
    }
    if (report.diagnostics.some(({ severity }) => severity === 'error')) return 1
    return isEmpty(report) ? 0 : 2
  },
}

const isEmpty = ({ changes, settings, needsRestart }: ChangeReport): boolean =>
  changes.length === 0 && settings.length === 0 && needsRestart.length === 0
