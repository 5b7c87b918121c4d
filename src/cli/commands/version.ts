import { flagValue } from '../../common/flags.js'
import { MusterError } from '../../common/errors.js'
import { consulCompatibility, version } from '../../common/version.js'
import type { Command } from '../command.js'

/** `muster version`. */
export const command: Command = {
  usage: 'version [options]',
  description: 'Shows the version of this program and of the Consul API that it speaks.',
  examples: [['muster version -format=json', 'the same for scripts']],
  flags: [{ name: 'format', type: 'string', placeholder: 'pretty|json', help: 'form of the output (default pretty)' }],
  run(flags, io) {
    const format = flagValue(flags, 'format') ?? 'pretty'
    if (format === 'json') {
      io.out(`${JSON.stringify({ Version: version, Consul: consulCompatibility, Node: process.version }, null, 3)}\n`)
    } else if (format === 'pretty') {
      io.out(`muster v${version}\nSpeaks the API of Consul ${consulCompatibility}; runs on Node.js ${process.version}\n`)
    } else {
      throw new MusterError('USAGE', `"${format}" is no format`, { hint: 'pretty and json are allowed' })
    }
    return Promise.resolve(0)
  },
}
