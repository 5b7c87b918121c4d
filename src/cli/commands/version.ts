import { consulCompatibility, version } from '../../common/version.js'
import type { Command } from '../command.js'
import { formatFlag, printJson, wantsJson } from '../format.js'

/** `muster version`. */
export const command: Command = {
  usage: 'version [options]',
  description: 'Shows the version of this program and of the Consul API that it speaks.',
  examples: [['muster version -format=json', 'the same for scripts']],
  flags: [formatFlag],
  run(flags, io) {
    if (wantsJson(flags)) printJson(io, { Version: version, Consul: consulCompatibility, Node: process.version })
    else
      io.out(
        `muster v${version}\nSpeaks the API of Consul ${consulCompatibility}; runs on Node.js ${process.version}\n`,
      )
    return Promise.resolve(0)
  },
}
