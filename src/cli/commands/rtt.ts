import { roundTrip, type Coordinate } from '../../common/coordinate.js'
import { MusterError } from '../../common/errors.js'
import { flagIsSet } from '../../common/flags.js'
import { sameName } from '../../common/same-name.js'
import { Client } from '../client.js'
import { clientFlags, serverFlags } from '../client-settings.js'
import type { Command } from '../command.js'

interface Entry {
  readonly Node: string
  readonly Coord: {
    readonly Vec: readonly number[]
    readonly Error: number
    readonly Adjustment: number
    readonly Height: number
  }
}

interface Self {
  readonly Config: { readonly NodeName: string; readonly Datacenter: string }
}

/** `muster rtt`. */
export const command: Command = {
  usage: 'rtt [options] NODE1 [NODE2]',
  description:
    'Estimates the round trip between two nodes from their network coordinates. Without NODE2 it is the one from NODE1 to the agent. With -wan the names are those of servers, NODE.DATACENTER.',
  examples: [
    ['muster rtt n2', 'from n2 to the agent'],
    ['muster rtt n2 n3', 'from n2 to n3'],
    ['muster rtt -wan s1.dc1 s1.dc2', 'between servers of two datacenters'],
  ],
  flags: [
    { name: 'wan', type: 'bool', help: 'names are those of servers, NODE.DATACENTER, and so are the coordinates' },
    ...clientFlags,
    ...serverFlags,
  ],
  interspersed: true,
  async run(flags, io) {
    const [first, second, ...more] = flags.positional
    if (first === undefined || more.length > 0) {
      throw new MusterError(
        'USAGE',
        first === undefined ? 'one or two node names are needed' : `too many arguments: ${more.join(' ')}`,
      )
    }
    const wan = flagIsSet(flags, 'wan')
    const client = await Client.connect(flags, io)
    const other = second ?? (await ownName(client, wan))
    const find = await (wan ? serverCoordinates(client, [first, other]) : nodeCoordinates(client))
    const [from, to] = [found(find, first), found(find, other)]
    io.out(
      `Estimated ${first} <-> ${other} rtt: ${(roundTrip(from, to) * 1000).toFixed(3)} ms (using ${wan ? 'WAN' : 'LAN'} coordinates)\n`,
    )
    return 0
  },
}

type Find = (name: string) => Coordinate | undefined

async function ownName(client: Client, wan: boolean): Promise<string> {
  const {
    Config: { NodeName: name, Datacenter: datacenter },
  } = await client.get<Self>('/v1/agent/self')
  return wan ? `${name}.${datacenter}` : name
}

async function nodeCoordinates(client: Client): Promise<Find> {
  const entries = await client.get<readonly Entry[]>('/v1/coordinate/nodes')
  return name => coordinateOf(entries.find(({ Node }) => sameName(Node, name)))
}

async function serverCoordinates(client: Client, names: readonly string[]): Promise<Find> {
  for (const name of names) {
    if (!/^.+\..+$/.test(name))
      throw new MusterError('USAGE', `-wan: "${name}" is no name of a server`, {
        hint: 'write NODE.DATACENTER, as "muster members -wan" shows it',
      })
  }
  const datacenters =
    await client.get<readonly { readonly Datacenter: string; readonly Coordinates: readonly Entry[] }[]>(
      '/v1/coordinate/datacenters',
    )
  return name =>
    coordinateOf(
      datacenters.flatMap(({ Datacenter, Coordinates }) =>
        Coordinates.filter(({ Node }) => sameName(`${Node}.${Datacenter}`, name)),
      )[0],
    )
}

function found(find: Find, name: string): Coordinate {
  const coordinate = find(name)
  if (coordinate === undefined) {
    throw new MusterError('CLI_NO_COORDINATE', `Could not find a coordinate for node "${name}"`, {
      hint: 'an agent that has just started is measured within half a minute; with disable_coordinates it never is',
    })
  }
  return coordinate
}

const coordinateOf = (entry: Entry | undefined): Coordinate | undefined =>
  entry && {
    vec: entry.Coord.Vec,
    error: entry.Coord.Error,
    adjustment: entry.Coord.Adjustment,
    height: entry.Coord.Height,
  }
