import { flagIsSet, flagValue, type ParsedFlags } from '../../common/flags.js'
import { Client, type Query } from '../client.js'
import { clientFlags, serverFlags, tenancyFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import { unwrapBase64, readData } from '../data-argument.js'
import { keyArgument, kvWrite } from '../kv.js'

/** `muster kv put`. */
export const command: Command = {
  usage: 'kv put [options] KEY [DATA]',
  description:
    'Writes a key. DATA is the value itself, @FILE the bytes of a file, - those of standard input; without it the value is empty.',
  examples: [
    ['muster kv put app/color blue', 'a value'],
    ['muster kv put app/logo @logo.png', 'a file'],
    ['muster kv put -cas -modify-index=42 app/color red', 'only if nobody wrote it since'],
    ['muster kv put -acquire -session=ID app/leader n1', 'take a lock'],
  ],
  flags: [
    { name: 'acquire', type: 'bool', help: 'take the lock on the key, for -session' },
    { name: 'base64', type: 'bool', help: 'DATA is in base64' },
    { name: 'cas', type: 'bool', help: "write only if the key's ModifyIndex is -modify-index" },
    { name: 'flags', type: 'string', placeholder: 'N', help: 'a number to keep with the value, of up to 64 bits' },
    {
      name: 'modify-index',
      type: 'string',
      placeholder: 'N',
      help: 'with -cas; 0 means that the key must not exist (default 0)',
    },
    { name: 'release', type: 'bool', help: 'give the lock on the key back, for -session' },
    { name: 'session', type: 'string', placeholder: 'ID', help: 'the session that takes or gives back' },
    ...clientFlags,
    ...serverFlags,
    ...tenancyFlags,
  ],
  async run(flags, io) {
    const [name, argument = ''] = flags.positional
    const key = keyArgument(name)
    const fault = usageFault(flags, key)
    if (fault !== undefined) {
      io.err(`Error! ${fault}\n`)
      return 1
    }
    const given = await readData(argument, io)
    const data = flagIsSet(flags, 'base64') ? unwrapBase64(given.toString()) : given
    if (data === undefined) {
      io.err('Error! Cannot base 64 decode data\n')
      return 1
    }
    if (await kvWrite(await Client.connect(flags, io), 'PUT', key, query(flags), data)) {
      io.out(
        flagIsSet(flags, 'acquire')
          ? `Success! Lock acquired on: ${key}\n`
          : flagIsSet(flags, 'release')
            ? `Success! Lock released on: ${key}\n`
            : `Success! Data written to: ${key}\n`,
      )
      return 0
    }
    io.err(`Error! ${refusal(flags, key)}\n`)
    return 1
  },
}

function usageFault(flags: ParsedFlags, key: string): string | undefined {
  const how = ['acquire', 'cas', 'release'].filter(name => flagIsSet(flags, name))
  if (key === '') return 'Missing KEY argument'
  if (flags.positional.length > 2) return `Too many arguments (expected 1 or 2, got ${flags.positional.length})`
  if (how.length > 1) return `Cannot specify both -${how[0]} and -${how[1]}`
  for (const name of ['flags', 'modify-index'])
    if (!/^\d+$/.test(flagValue(flags, name) ?? '0')) return `-${name} must be a whole number`
  const locks = flagIsSet(flags, 'acquire') || flagIsSet(flags, 'release')
  return locks && (flagValue(flags, 'session') ?? '') === ''
    ? 'Missing -session (required with -acquire and -release)'
    : undefined
}

function query(flags: ParsedFlags): Query {
  const session = flagValue(flags, 'session')
  return {
    flags: flagValue(flags, 'flags'),
    cas: flagIsSet(flags, 'cas') ? (flagValue(flags, 'modify-index') ?? '0') : undefined,
    acquire: flagIsSet(flags, 'acquire') ? session : undefined,
    release: flagIsSet(flags, 'release') ? session : undefined,
  }
}

function refusal(flags: ParsedFlags, key: string): string {
  if (flagIsSet(flags, 'acquire')) return 'Did not acquire lock'
  if (flagIsSet(flags, 'release')) return 'Did not release lock'
  return Number(flagValue(flags, 'modify-index') ?? '0') === 0
    ? `Did not write to ${key}: CAS performed with index=0 and key already exists.`
    : `Did not write to ${key}: CAS failed`
}
