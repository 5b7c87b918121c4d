import { MusterError } from '../../common/errors.js'
import { flagIsSet, flagValue } from '../../common/flags.js'
import { addTo } from '../../common/grouped.js'
import { Client } from '../client.js'
import { clientFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import { formatFlag, printJson, wantsJson } from '../format.js'
import { table } from '../table.js'

interface Member {
  readonly Name: string
  readonly Addr: string
  readonly Port: number
  readonly Status: number
  readonly ProtocolCur: number
  readonly Tags: Readonly<Record<string, string>>
  /** Since when the member was not heard of, if its status is unknown; '' for the whole run of the agent. */
  readonly UnheardSince?: string
}

const statusNames = ['none', 'alive', 'leaving', 'left', 'failed']

/** `muster members`. */
export const command: Command = {
  usage: 'members [options]',
  description: 'Lists the members of the cluster that the agent belongs to. Exits with 2 when none matches.',
  examples: [
    ['muster members', 'all of them'],
    ['muster members -status=failed', 'those that do not answer any more'],
    ['muster members -wan', 'the servers of all datacenters'],
    ['muster members -format=json', 'for programs, as /v1/agent/members gives them'],
  ],
  flags: [
    { name: 'detailed', type: 'bool', help: 'show every tag' },
    { name: 'status', type: 'string', placeholder: 'REGEXP', help: 'only members whose status matches (default .*)' },
    { name: 'wan', type: 'bool', help: 'the members of the WAN list' },
    { name: 'segment', type: 'string', placeholder: 'NAME', help: 'ask for one network segment (default: all)' },
    formatFlag,
    ...clientFlags,
  ],
  async run(flags, io) {
    const json = wantsJson(flags)
    const status = pattern(flagValue(flags, 'status') ?? '.*')
    const wan = flagIsSet(flags, 'wan')
    const client = await Client.connect(flags, io)
    const all = await client.get<Member[]>(
      '/v1/agent/members',
      wan ? { wan: '1' } : { segment: flagValue(flags, 'segment') ?? '_all' },
    )
    const shown = all
      .filter(member => status.test(statusNames[member.Status] ?? 'none'))
      .sort((a, b) => compare(segment(a), segment(b)) || compare(a.Name, b.Name))
    if (json) printJson(io, shown)
    if (shown.length === 0) return 2
    if (!json) io.out(table(flagIsSet(flags, 'detailed') ? detailed(shown) : standard(shown)) + unheard(shown))
    return 0
  },
}

/** A note on members of unknown status: the agent has no leader, and shows their last known status. */
export function unheard(members: readonly Pick<Member, 'Name' | 'UnheardSince'>[]): string {
  const bySince = new Map<string, string[]>()
  for (const { Name, UnheardSince } of members) if (UnheardSince !== undefined) addTo(bySince, UnheardSince, Name)
  return [...bySince]
    .map(
      ([since, names]) =>
        `${names.join(', ')}: not heard of since ${since === '' ? 'this agent started' : since} (no leader)\n`,
    )
    .join('')
}

function pattern(text: string): RegExp {
  try {
    return new RegExp(`^(?:${text})$`)
  } catch {
    throw new MusterError('USAGE', `-status: "${text}" is not a regular expression`)
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const segment = ({ Tags }: Member): string =>
  Tags.role === 'consul' ? '<all>' : Tags.segment === undefined || Tags.segment === '' ? '<default>' : Tags.segment

const address = ({ Addr, Port }: Member): string => `${Addr.includes(':') ? `[${Addr}]` : Addr}:${Port}`

const standard = (members: readonly Member[]): string[][] => [
  ['Node', 'Address', 'Status', 'Type', 'Build', 'Protocol', 'DC', 'Segment'],
  ...members.map(member => [
    member.Name,
    address(member),
    statusNames[member.Status] ?? 'none',
    member.Tags.role === 'consul' ? 'server' : 'client',
    (member.Tags.build ?? '').split(':')[0] ?? '',
    String(member.ProtocolCur),
    member.Tags.dc ?? '',
    segment(member),
  ]),
]

const detailed = (members: readonly Member[]): string[][] => [
  ['Node', 'Address', 'Status', 'Tags'],
  ...members.map(member => [
    member.Name,
    address(member),
    statusNames[member.Status] ?? 'none',
    Object.entries(member.Tags)
      .sort(([a], [b]) => compare(a, b))
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
  ]),
]
