import type { AutopilotConfiguration } from '../../common/autopilot.js'
import { milliseconds } from '../../common/duration.js'
import { picked } from '../../common/picked.js'
import { isObject } from '../../common/plain-data.js'
import type { Entry, LeaseId } from '../../store/index.js'
import { bytes, number, parse, revisionsOf, text, texts } from '../fields.js'
import { isMemberStatus } from './types.js'
import type {
  AgentInfo,
  AutopilotRecord,
  LeaseMark,
  LeaseMarkData,
  MemberData,
  MemberRecord,
  WanServer,
} from './types.js'

/** Bytes of a member's record. */
export const encodeMember = ({ info, tags, state }: MemberData): Uint8Array =>
  bytes({ info: agentFields(info), tags, state })

/** The member of an entry; a state that nobody knows counts as failed. @throws MusterError CATALOG_UNREADABLE */
export function decodeMember(entry: Entry): MemberRecord {
  const fields = parse(entry)
  const state = text(fields.state)
  return {
    info: agentOf(fields.info),
    tags: texts(fields.tags) ?? {},
    state: isMemberStatus(state) ? state : 'failed',
    ...revisionsOf(entry),
  }
}

/** Bytes of a leased key. */
export const encodeLeaseMark = ({ lease, ttl, holder }: LeaseMarkData): Uint8Array => bytes({ lease, ttl, holder })

/** The leased key of an entry. @throws MusterError CATALOG_UNREADABLE */
export function decodeLeaseMark(entry: Entry): LeaseMark {
  const fields = parse(entry)
  return {
    lease: text(fields.lease) as LeaseId,
    ttl: milliseconds(number(fields.ttl, 0)),
    holder: text(fields.holder),
    ...revisionsOf(entry),
  }
}

/** What is stored of autopilot's configuration. */
const autopilotFields = [
  ...(['cleanupDeadServers', 'lastContactThreshold', 'maxTrailingLogs', 'minQuorum'] as const),
  ...(['serverStabilizationTime', 'redundancyZoneTag', 'disableUpgradeMigration', 'upgradeVersionTag'] as const),
]

/** Bytes of autopilot's configuration. */
export const encodeAutopilot = (data: AutopilotConfiguration): Uint8Array => bytes(picked(data, autopilotFields))

/** Autopilot's configuration of an entry. @throws MusterError CATALOG_UNREADABLE */
export function decodeAutopilot(entry: Entry): AutopilotRecord {
  const fields = parse(entry)
  return {
    configuration: {
      cleanupDeadServers: fields.cleanupDeadServers !== false,
      lastContactThreshold: milliseconds(number(fields.lastContactThreshold, 200)),
      maxTrailingLogs: number(fields.maxTrailingLogs, 250),
      minQuorum: number(fields.minQuorum, 0),
      serverStabilizationTime: milliseconds(number(fields.serverStabilizationTime, 10_000)),
      redundancyZoneTag: text(fields.redundancyZoneTag),
      disableUpgradeMigration: fields.disableUpgradeMigration === true,
      upgradeVersionTag: text(fields.upgradeVersionTag),
    },
    ...revisionsOf(entry),
  }
}

/** Bytes of a server of another datacenter. */
export const encodeWanServer = (info: AgentInfo): Uint8Array => bytes(agentFields(info))

/** The server of another datacenter of an entry. @throws MusterError CATALOG_UNREADABLE */
export const decodeWanServer = (entry: Entry): WanServer => ({
  info: agentOf(parse(entry)),
  ...revisionsOf(entry),
})

const agentFields = ({
  id,
  name,
  datacenter,
  address,
  wanAddress,
  ports: { raft, lan, wan },
  build,
  server,
}: AgentInfo): AgentInfo => ({ id, name, datacenter, address, wanAddress, ports: { raft, lan, wan }, build, server })

function agentOf(value: unknown): AgentInfo {
  const fields = isObject(value) ? value : {}
  const ports = isObject(fields.ports) ? fields.ports : {}
  return {
    id: text(fields.id),
    name: text(fields.name),
    datacenter: text(fields.datacenter),
    address: text(fields.address),
    wanAddress: text(fields.wanAddress),
    ports: { raft: number(ports.raft, 0), lan: number(ports.lan, 0), wan: number(ports.wan, 0) },
    build: text(fields.build),
    server: fields.server === true,
  }
}
