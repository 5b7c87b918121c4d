import { agentFlags } from '../../config/index.js'
import type { Command } from '../command.js'

/** `muster agent`. */
export const command: Command = {
  usage: 'agent [options]',
  description:
    'Runs an agent: it reads the files of its configuration directories, runs their checks, keeps their services in its catalog and answers for them over DNS and HTTP. A changed file is live at once. SIGHUP reloads; SIGINT and SIGTERM stop it.',
  examples: [
    ['muster agent -dev', 'try it: in memory, on this machine only'],
    ['muster agent -config-dir=./conf', 'one machine: drop files into ./conf'],
    ['muster agent -config-dir=./conf -data-dir=/var/lib/muster -client=0.0.0.0', 'answer other machines too'],
  ],
  flags: agentFlags,
  async run(flags, io) {
    const { runAgent } = await import('../../daemon/index.js')
    return runAgent(flags, io)
  },
}
