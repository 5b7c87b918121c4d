import { flagIsSet, flagValue } from '../../common/flags.js'
import { Client, unexpected } from '../client.js'
import { clientFlags, serverFlags, tenancyFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import type { Io } from '../io.js'
import { keyArgument, kvPairs, kvPath, type KvPair } from '../kv.js'

/** `muster kv get`. */
export const command: Command = {
  usage: 'kv get [options] KEY_OR_PREFIX',
  description: 'Shows the value of a key, byte for byte and with a newline after it; or all keys below a prefix.',
  examples: [
    ['muster kv get app/color', 'the value'],
    ['muster kv get -detailed app/color', 'with indexes, flags and who holds it'],
    ['muster kv get -recurse app/', 'all below a prefix, as key:value'],
    ['muster kv get -keys app/', 'names only, up to the next slash'],
  ],
  flags: [
    { name: 'base64', type: 'bool', help: 'show values in base64' },
    { name: 'detailed', type: 'bool', help: 'show all that is known of each key' },
    { name: 'keys', type: 'bool', help: 'show names only' },
    { name: 'recurse', type: 'bool', help: 'show all keys that begin with the prefix' },
    { name: 'separator', type: 'string', placeholder: 'TEXT', help: 'with -keys: where names are cut (default "/")' },
    ...clientFlags,
    ...serverFlags,
    ...tenancyFlags,
  ],
  async run(flags, io) {
    const key = keyArgument(flags.positional[0])
    const fault =
      flags.positional.length > 1
        ? `Too many arguments (expected 1, got ${flags.positional.length})`
        : key === '' && !flagIsSet(flags, 'keys') && !flagIsSet(flags, 'recurse')
          ? 'Missing KEY argument'
          : undefined
    if (fault !== undefined) {
      io.err(`Error! ${fault}\n`)
      return 1
    }
    const client = await Client.connect(flags, io)
    if (flagIsSet(flags, 'keys')) return showNames(client, io, key, flagValue(flags, 'separator') ?? '/')
    const recurse = flagIsSet(flags, 'recurse')
    const pairs = await kvPairs(client, key, recurse ? { recurse: '' } : {})
    if (pairs.length === 0 && !recurse) {
      io.err(`Error! No key exists at: ${key}\n`)
      return 1
    }
    const value = (pair: KvPair): Buffer =>
      flagIsSet(flags, 'base64') ? Buffer.from(pair.value.toString('base64')) : pair.value
    pairs.forEach((pair, i) => {
      if (flagIsSet(flags, 'detailed'))
        io.out(Buffer.concat([Buffer.from(`${i === 0 ? '' : '\n'}${details(pair)}`), value(pair), newline]))
      else io.out(Buffer.concat([Buffer.from(recurse ? `${pair.key}:` : ''), value(pair), newline]))
    })
    return 0
  },
}

const newline = Buffer.from('\n')

async function showNames(client: Client, io: Io, prefix: string, separator: string): Promise<number> {
  const answer = await client.request('GET', kvPath(prefix), { keys: '', separator })
  const { status, body } = answer
  if (status !== 200 && status !== 404) throw unexpected(answer)
  const names = status === 404 ? [] : (JSON.parse(body) as readonly string[])
  io.out(names.map(name => `${name}\n`).join(''))
  return 0
}

/** All lines, up to where the value stands. */
function details({ key, flags, lockIndex, session, createIndex, modifyIndex }: KvPair): string {
  const lines = [
    ['CreateIndex', createIndex],
    ['Flags', flags],
    ['Key', key],
    ['LockIndex', lockIndex],
    ['ModifyIndex', modifyIndex],
    ['Session', session === '' ? '-' : session],
  ] as const
  return `${lines.map(([name, shown]) => `${name.padEnd(width)}${shown}\n`).join('')}${'Value'.padEnd(width)}`
}

const width = 17
