import { MusterError } from '../../common/errors.js'
import { changeLines, changeSummary, type ChangeReport } from '../changes.js'
import { Client } from '../client.js'
import { clientFlags } from '../client-settings.js'
import type { Command } from '../command.js'

/** `muster reload`. */
export const command: Command = {
  usage: 'reload [options]',
  description:
    'Makes the agent read its configuration files now, waits for the outcome and shows what changed. Exits with 1 and the diagnostics when anything was refused; what is running never shrinks because of a broken file.',
  examples: [['muster reload', 'needed only with -auto-reload-config=false: otherwise a changed file is live at once']],
  flags: clientFlags,
  async run(flags, io) {
    const client = await Client.connect(flags, io)
    const { status, body } = await client.request('PUT', '/v1/agent/reload', { format: 'json' })
    // Consul's agents send an empty answer.
    if (status === 200 && body.trim() === '') {
      io.out('Configuration reload triggered\n')
      return 0
    }
    const report = parse(body)
    if (report === undefined)
      throw new MusterError('CLI_ANSWER', `Error reloading: Unexpected response code: ${status} (${body.trim()})`)
    for (const { text } of report.diagnostics) io.err(`${text}\n`)
    io.out(changeLines(report, io.color))
    if (status !== 200 || report.outcome !== 'applied') {
      io.err(
        report.outcome === 'partly'
          ? `Reloaded in part (${changeSummary(report)}): files with errors keep their last good content.\n`
          : 'Nothing was reloaded: the running configuration stays.\n',
      )
      return 1
    }
    io.out(
      `Configuration reload triggered: ${changeSummary(report)} in ${Math.max(1, Math.round(report.took ?? 0))} ms\n`,
    )
    return 0
  },
}

function parse(body: string): ChangeReport | undefined {
  try {
    return JSON.parse(body) as ChangeReport
  } catch {
    return undefined
  }
}
