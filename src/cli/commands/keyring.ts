import { MusterError } from '../../common/errors.js'
import { flagIsSet, flagValue, type ParsedFlags } from '../../common/flags.js'
import { Client, unexpected, type Query } from '../client.js'
import { clientFlags } from '../client-settings.js'
import type { Command } from '../command.js'

interface Pool {
  readonly WAN: boolean
  readonly Datacenter: string
  readonly Keys: Readonly<Record<string, number>>
  readonly PrimaryKeys: Readonly<Record<string, number>> | null
  readonly NumNodes: number
}

/** What changes the keys, with the method of the API and what is said before. */
const changes = [
  ['install', 'POST', 'Installing new gossip encryption key...'],
  ['use', 'PUT', 'Changing primary gossip encryption key...'],
  ['remove', 'DELETE', 'Removing gossip encryption key...'],
] as const

/** `muster keyring`. */
export const command: Command = {
  usage: 'keyring [options]',
  description:
    'Shows and changes the keys that agents encrypt their traffic with. It is not encrypted yet, so an agent of this version has none and says so.',
  examples: [['muster keyring -list', 'all keys, and how many agents have each']],
  flags: [
    { name: 'list', type: 'bool', help: 'list all keys' },
    { name: 'list-primary', type: 'bool', help: 'list the keys in use' },
    { name: 'install', type: 'string', placeholder: 'KEY', help: 'add a key' },
    { name: 'use', type: 'string', placeholder: 'KEY', help: 'encrypt with this key from now on' },
    { name: 'remove', type: 'string', placeholder: 'KEY', help: 'remove a key that is not in use' },
    { name: 'relay-factor', type: 'int', help: 'for the API of Consul: how often answers are relayed, 0 to 5' },
    { name: 'local-only', type: 'bool', help: 'with -list: ask this datacenter only' },
    ...clientFlags,
  ],
  async run(flags, io) {
    const listing = flagIsSet(flags, 'list') || flagIsSet(flags, 'list-primary')
    const chosen = changes.filter(([name]) => flagValue(flags, name) !== undefined)
    if (chosen.length + Number(flagIsSet(flags, 'list')) + Number(flagIsSet(flags, 'list-primary')) > 1)
      throw new MusterError('USAGE', 'Only a single action is allowed')
    const [change] = chosen
    if (!listing && change === undefined)
      throw new MusterError('USAGE', 'One of -list, -list-primary, -install, -use and -remove must be given')
    const query = parameters(flags, listing)
    const client = await Client.connect(flags, io)
    if (change === undefined) {
      io.out('==> Gathering installed encryption keys...\n\n')
      const pools = await client.get<Pool[]>('/v1/operator/keyring', query)
      io.out(
        pools
          .map(pool => poolText(pool, flagIsSet(flags, 'list-primary') ? (pool.PrimaryKeys ?? {}) : pool.Keys))
          .join('\n'),
      )
      return 0
    }
    const [name, method, text] = change
    io.out(`==> ${text}\n`)
    const answer = await client.request(
      method,
      '/v1/operator/keyring',
      query,
      JSON.stringify({ Key: flagValue(flags, name) }),
    )
    if (answer.status !== 200) throw unexpected(answer)
    return 0
  },
}

function parameters(flags: ParsedFlags, listing: boolean): Query {
  const relay = Number(flagValue(flags, 'relay-factor') ?? '0')
  if (relay < 0 || relay > 5) throw new MusterError('USAGE', `-relay-factor must be 0 to 5, found ${relay}`)
  const local = flagIsSet(flags, 'local-only')
  if (local && !listing) throw new MusterError('USAGE', '-local-only is for -list and -list-primary only')
  return { 'relay-factor': relay === 0 ? undefined : String(relay), 'local-only': local ? 'true' : undefined }
}

const poolText = ({ WAN, Datacenter, NumNodes }: Pool, keys: Readonly<Record<string, number>>): string =>
  `${WAN ? 'WAN' : `${Datacenter} (LAN)`}:\n${Object.entries(keys)
    .map(([key, count]) => `  ${key} [${count}/${NumNodes}]\n`)
    .join('')}`
