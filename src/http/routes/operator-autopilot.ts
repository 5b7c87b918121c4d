import type { AutopilotConfiguration, ServerHealth } from '../../cluster/index.js'
import { formatDuration, milliseconds, parseDuration, seconds, type Duration } from '../../common/duration.js'
import { MusterError } from '../../common/errors.js'
import { json, type Answer } from '../answer/answer.js'
import { boolean, decodeBody, integer, openObject, string, type Reader } from '../request/decode.js'
import type { Deps } from '../deps.js'
import { decodedAs, decodeFailed } from '../request/json-body.js'
import type { Query } from '../request/query.js'
import type { ApiRequest, Route } from '../route.js'
import { operatorOf } from './operator-raft.js'

/** `/v1/operator/autopilot/*`: how servers are looked after, and how they are. */
export const operatorAutopilotRoutes = (deps: Deps): readonly Route[] => [
  {
    path: '/v1/operator/autopilot/configuration',
    reach: 'handed-on',
    GET: () => configuration(deps),
    PUT: request => configure(deps, request),
  },
  { path: '/v1/operator/autopilot/health', reach: 'handed-on', GET: () => health(deps) },
  { path: '/v1/operator/autopilot/state', reach: 'handed-on', GET: () => state(deps) },
]

async function configuration({ membership }: Deps): Promise<Answer> {
  const { configuration: now, created, modified } = await operatorOf(membership).autopilot()
  return json({
    CleanupDeadServers: now.cleanupDeadServers,
    LastContactThreshold: formatDuration(now.lastContactThreshold),
    MaxTrailingLogs: now.maxTrailingLogs,
    MinQuorum: now.minQuorum,
    ServerStabilizationTime: formatDuration(now.serverStabilizationTime),
    RedundancyZoneTag: now.redundancyZoneTag,
    DisableUpgradeMigration: now.disableUpgradeMigration,
    UpgradeVersionTag: now.upgradeVersionTag,
    CreateIndex: created,
    ModifyIndex: modified,
  })
}

const badDuration = (text: string): Error => decodeFailed(`time: invalid duration ${JSON.stringify(text)}`)

const duration: Reader<Duration> = (value, where) => {
  const text = string(value, where)
  const read = parseDuration(text)
  if (read === undefined || read < 0) throw badDuration(text)
  return read
}

const natural: Reader<number> = (value, where) => {
  const number = integer(value, where)
  if (number < 0) throw decodeFailed(`${where} must be at least 0, found ${number}`)
  return number
}

const written = openObject({
  CleanupDeadServers: boolean,
  LastContactThreshold: duration,
  MaxTrailingLogs: natural,
  MinQuorum: natural,
  ServerStabilizationTime: duration,
  RedundancyZoneTag: string,
  DisableUpgradeMigration: boolean,
  UpgradeVersionTag: string,
})

/** Fields left out of the body get these defaults, not their former values. */
const defaults: AutopilotConfiguration = {
  cleanupDeadServers: true,
  lastContactThreshold: milliseconds(200),
  maxTrailingLogs: 250,
  minQuorum: 0,
  serverStabilizationTime: seconds(10),
  redundancyZoneTag: '',
  disableUpgradeMigration: false,
  upgradeVersionTag: '',
}

async function configure({ membership }: Deps, { body, query }: ApiRequest): Promise<Answer> {
  const given = readConfiguration(body)
  const operator = operatorOf(membership)
  return json(
    await operator.setAutopilot(
      {
        cleanupDeadServers: given.CleanupDeadServers ?? defaults.cleanupDeadServers,
        lastContactThreshold: given.LastContactThreshold ?? defaults.lastContactThreshold,
        maxTrailingLogs: given.MaxTrailingLogs ?? defaults.maxTrailingLogs,
        minQuorum: given.MinQuorum ?? defaults.minQuorum,
        serverStabilizationTime: given.ServerStabilizationTime ?? defaults.serverStabilizationTime,
        redundancyZoneTag: given.RedundancyZoneTag ?? defaults.redundancyZoneTag,
        disableUpgradeMigration: given.DisableUpgradeMigration ?? defaults.disableUpgradeMigration,
        upgradeVersionTag: given.UpgradeVersionTag ?? defaults.upgradeVersionTag,
      },
      casOf(query),
    ),
  )
}

const readConfiguration = (body: Buffer) =>
  decodedAs('Bad request: Error parsing autopilot config: ', () => decodeBody(body, written))

function casOf(query: Query): number | undefined {
  if (!query.has('cas')) return undefined
  const text = query.first('cas')
  if (!/^\d{1,15}$/.test(text)) {
    throw new MusterError(
      'HTTP_PARAMETER',
      `Bad request: Error parsing cas value: ${JSON.stringify(text)} is not a whole number`,
      { status: 400 },
    )
  }
  return Number(text)
}

/** Never heard of is as long ago as can be: tools compare this with the threshold. */
const lastContact = ({ lastContact: age }: ServerHealth): string =>
  age === undefined ? 'never' : formatDuration(milliseconds(age))

/** RFC 3339, as Go's clients read times. */
const time = (at: number): string => new Date(at).toISOString()

async function health({ membership }: Deps): Promise<Answer> {
  const { healthy, failureTolerance, servers } = await operatorOf(membership).health()
  return json(
    {
      Healthy: healthy,
      FailureTolerance: failureTolerance,
      Servers: servers.map(server => ({
        ID: server.id,
        Name: server.name,
        Address: server.address,
        SerfStatus: server.status,
        Version: server.version,
        Leader: server.leader,
        LastContact: lastContact(server),
        LastTerm: server.lastTerm,
        LastIndex: server.lastIndex,
        Healthy: server.healthy,
        Voter: server.voter,
        StableSince: time(server.stableSince),
      })),
    },
    healthy ? 200 : 429,
  )
}

async function state({ membership }: Deps): Promise<Answer> {
  const { healthy, failureTolerance, servers } = await operatorOf(membership).health()
  return json({
    Healthy: healthy,
    FailureTolerance: failureTolerance,
    OptimisticFailureTolerance: failureTolerance,
    Servers: Object.fromEntries(
      servers.map(server => [
        server.id,
        {
          ID: server.id,
          Name: server.name,
          Address: server.address,
          NodeStatus: server.status,
          Version: server.version,
          LastContact: lastContact(server),
          LastTerm: server.lastTerm,
          LastIndex: server.lastIndex,
          Healthy: server.healthy,
          StableSince: time(server.stableSince),
          ReadReplica: false,
          Status: server.leader ? 'leader' : server.voter ? 'voter' : 'non-voter',
          Meta: {},
          NodeType: server.voter ? 'voter' : 'non-voter',
        },
      ]),
    ),
    Leader: servers.find(({ leader }) => leader)?.id ?? '',
    Voters: servers.filter(({ voter }) => voter).map(({ id }) => id),
  })
}
