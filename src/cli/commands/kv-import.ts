import { parseExactly, readUint64 } from '../../common/big-numbers.js'
import { MusterError, errorMessage } from '../../common/errors.js'
import { flagValue } from '../../common/flags.js'
import { Client } from '../client.js'
import { clientFlags, serverFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import { readData } from '../data-argument.js'
import { keyArgument, kvWrite } from '../kv.js'

interface Exported { readonly key: string; readonly flags: bigint; readonly value: Buffer }

/** `muster kv import`. */
export const command: Command = {
  usage: 'kv import [options] DATA',
  description: 'Writes the keys that "muster kv export" has printed. DATA is @FILE, - for standard input, or the JSON itself. All of it is read before the first key is written.',
  examples: [
    ['muster kv import @backup.json', 'from a file'],
    ['muster kv export app/ | muster kv import -prefix=copy -', 'below another prefix'],
  ],
  flags: [
    { name: 'prefix', type: 'string', placeholder: 'PREFIX', help: 'write below this prefix' },
    ...clientFlags, ...serverFlags,
  ],
  async run(flags, io) {
    const [argument] = flags.positional
    if (argument === undefined || flags.positional.length > 1) {
      io.err(argument === undefined ? 'Error! Missing DATA argument\n' : `Error! Too many arguments (expected 1, got ${flags.positional.length})\n`)
      return 1
    }
    const entries = readEntries((await readData(argument, io)).toString())
    const prefix = keyArgument(flagValue(flags, 'prefix')).replace(/\/$/, '')
    const client = await Client.connect(flags, io)
    for (const { key, flags: number, value } of entries) {
      const target = prefix === '' ? key : `${prefix}/${keyArgument(key)}`
      await kvWrite(client, 'PUT', target, { flags: String(number) }, value)
      io.out(`Imported: ${target}\n`)
    }
    return 0
  },
}

/** @throws MusterError CLI_DATA naming what is wrong with which entry */
function readEntries(source: string): readonly Exported[] {
  let read: unknown
  try {
    read = parseExactly(source)
  } catch (cause) {
    throw refused(errorMessage(cause), cause)
  }
  if (!Array.isArray(read)) throw refused('a list of entries was expected')
  return read.map((entry: unknown, i) => {
    const { key, flags = 0, value = '' } = typeof entry === 'object' && entry !== null ? entry as Record<string, unknown> : {}
    const number = readUint64(flags)
    if (typeof key !== 'string' || key === '') throw refused(`entry ${i} has no key`)
    if (number === undefined) throw refused(`flags of "${key}" are no whole number of 64 bits`)
    if (typeof value !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) throw refused(`the value of "${key}" is not in base64`)
    return { key, flags: number, value: Buffer.from(value, 'base64') }
  })
}

const refused = (reason: string, cause?: unknown): MusterError => new MusterError('CLI_DATA', `Cannot unmarshal data: ${reason}`, { cause })
