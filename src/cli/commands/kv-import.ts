import { parseExactly, readUint64 } from '../../common/big-numbers.js'
import { MusterError, errorMessage } from '../../common/errors.js'
import { flagValue } from '../../common/flags.js'
import { fieldsOf, type Fields } from '../../common/plain-data.js'
import { Client } from '../client.js'
import { clientFlags, serverFlags, tenancyFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import { unwrapBase64, readData } from '../data-argument.js'
import { keyArgument, kvWrite } from '../kv.js'

interface Exported {
  readonly key: string
  readonly flags: bigint
  readonly value: Buffer
}

/** `muster kv import`. */
export const command: Command = {
  usage: 'kv import [options] DATA',
  description:
    'Writes the keys that "muster kv export" has printed. DATA is @FILE, - for standard input, or the JSON itself. All of it is read before the first key is written.',
  examples: [
    ['muster kv import @backup.json', 'from a file'],
    ['muster kv export app/ | muster kv import -prefix=copy -', 'below another prefix'],
  ],
  flags: [
    { name: 'prefix', type: 'string', placeholder: 'PREFIX', help: 'write below this prefix' },
    ...clientFlags,
    ...serverFlags,
    ...tenancyFlags,
  ],
  async run(flags, io) {
    const [argument] = flags.positional
    if (argument === undefined || flags.positional.length > 1) {
      io.err(
        argument === undefined
          ? 'Error! Missing DATA argument\n'
          : `Error! Too many arguments (expected 1, got ${flags.positional.length})\n`,
      )
      return 1
    }
    if (argument === '') {
      io.err('Error! Empty DATA argument\n')
      return 1
    }
    const entries = readEntries((await readData(argument, io)).toString())
    const prefix = keyArgument(flagValue(flags, 'prefix')).replace(/\/$/, '')
    const client = await Client.connect(flags, io)
    for (const { key, flags: number, value } of entries) {
      const target = prefix === '' ? key : `${prefix}/${keyArgument(key)}`
      await write(client, target, number, value)
      io.out(`Imported: ${target}\n`)
    }
    return 0
  },
}

/** @throws MusterError CLI_ANSWER, CLI_UNREACHABLE; those before this key are written then */
async function write(client: Client, key: string, flags: bigint, value: Buffer): Promise<void> {
  try {
    await kvWrite(client, 'PUT', key, { flags: String(flags) }, value)
  } catch (cause) {
    if (!(cause instanceof MusterError)) throw cause
    throw new MusterError(cause.code, `Failed writing data for key ${key}: ${cause.message}`, {
      cause,
      ...(cause.hint !== undefined && { hint: cause.hint }),
    })
  }
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
    const { key, flags, value } = fields(entry)
    const number = readUint64(flags ?? 0)
    if (typeof key !== 'string' || key === '') throw refused(`entry ${i} has no key`)
    if (number === undefined) throw refused(`flags of "${key}" are no whole number of 64 bits`)
    const bytes =
      typeof value === 'string'
        ? unwrapBase64(value)
        : value === undefined || value === null
          ? Buffer.alloc(0)
          : undefined
    if (bytes === undefined) throw refused(`the value of "${key}" is not in base64`)
    return { key, flags: number, value: bytes }
  })
}

/** An entry's fields in whatever case they are written: what the API lists can be imported as well. */
const fields = (entry: unknown): Fields =>
  Object.fromEntries(Object.entries(fieldsOf(entry)).map(([name, value]) => [name.toLowerCase(), value]))

const refused = (reason: string, cause?: unknown): MusterError =>
  new MusterError('CLI_DATA', `Cannot unmarshal data: ${reason}`, { cause })
