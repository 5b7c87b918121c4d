import type { AutopilotConfiguration } from '../../common/autopilot.js'
import { isIPv6 } from 'node:net'
import type { Duration } from '../../common/duration.js'
import { quote } from '../read/finding.js'
import { insteadOfCloudJoin } from '../read/gone-keys.js'
import type { Settings } from '../settings.js'
import type { InterfaceAddress } from './interface-address.js'
import { expandAddress, singleAddress } from './addresses.js'
import { networks } from './cidr.js'
import type { Reader } from './reader.js'

type Interfaces = (() => readonly InterfaceAddress[]) | undefined

/** A failed member is not forgotten sooner than this: a machine that is repaired overnight should find its place. */
const minReconnectTimeout = 8 * 3_600_000

/** How this agent finds others, talks to them, and gives them up. */
export function resolveCluster(reader: Reader, bindAddr: string, interfaces: Interfaces): Settings['cluster'] {
  const disableRemoteExec = reader.flag('disable_remote_exec')
  if (!disableRemoteExec) {
    reader.report('disable_remote_exec', {
      severity: 'warning',
      code: 'remote-exec',
      message: '"disable_remote_exec": false lets whoever may fire events and write keys run programs on this machine',
      hint: "let only those reach the HTTP ports of the datacenter's agents who may do that",
    })
  }
  const reach = (key: string): readonly string[] => joinAddresses(reader, key, interfaces)
  return {
    startJoin: reach('start_join'),
    startJoinWan: reach('start_join_wan'),
    retryJoin: reach('retry_join'),
    retryJoinWan: reach('retry_join_wan'),
    retryInterval: above(reader, 'retry_interval', 1),
    retryIntervalWan: above(reader, 'retry_interval_wan', 1),
    retryMax: reader.number('retry_max'),
    retryMaxWan: reader.number('retry_max_wan'),
    rejoinAfterLeave: reader.flag('rejoin_after_leave'),
    reconnectTimeout: above(reader, 'reconnect_timeout', minReconnectTimeout, '8h'),
    reconnectTimeoutWan: above(reader, 'reconnect_timeout_wan', minReconnectTimeout, '8h'),
    lanBind: singleAddress(reader, 'serf_lan', interfaces) ?? bindAddr,
    wanBind: singleAddress(reader, 'serf_wan', interfaces) ?? bindAddr,
    lanAllowedCidrs: networks(reader, 'serf_lan_allowed_cidrs'),
    wanAllowedCidrs: networks(reader, 'serf_wan_allowed_cidrs'),
    rpcHoldTimeout: reader.duration('performance.rpc_hold_timeout'),
    raftMultiplier: reader.number('performance.raft_multiplier'),
    disableCoordinates: reader.flag('disable_coordinates'),
    disableRemoteExec,
    discoveryMaxStale: reader.duration('discovery_max_stale'),
    rpcMaxConnsPerClient: reader.number('limits.rpc_max_conns_per_client'),
    autopilot: resolveAutopilot(reader),
  }
}

function resolveAutopilot(reader: Reader): AutopilotConfiguration {
  const count = (name: string): number => {
    const value = reader.number(`autopilot.${name}`)
    if (value < 0)
      reader.report(`autopilot.${name}`, {
        code: 'out-of-range',
        message: `"autopilot.${name}" must be at least 0, found ${value}`,
      })
    return value
  }
  return {
    cleanupDeadServers: reader.flag('autopilot.cleanup_dead_servers'),
    lastContactThreshold: above(reader, 'autopilot.last_contact_threshold', 1),
    maxTrailingLogs: count('max_trailing_logs'),
    minQuorum: count('min_quorum'),
    serverStabilizationTime: reader.duration('autopilot.server_stabilization_time'),
    redundancyZoneTag: reader.text('autopilot.redundancy_zone_tag'),
    disableUpgradeMigration: reader.flag('autopilot.disable_upgrade_migration'),
    upgradeVersionTag: reader.text('autopilot.upgrade_version_tag'),
  }
}

/** A duration of at least `min` milliseconds. */
function above(reader: Reader, key: string, min: number, text = '1ms'): Duration {
  const duration = reader.duration(key)
  if (duration < min)
    reader.report(key, {
      code: 'out-of-range',
      message: `${quote(key)} must be at least ${text}, found ${quote(reader.text(key))}`,
    })
  return duration
}

/** Agents to join: `host`, `host:port` or IPv6 in brackets, templates replaced. */
function joinAddresses(reader: Reader, key: string, interfaces: Interfaces): readonly string[] {
  return reader.list(key).flatMap((text, i) => {
    const place = `${key}[${i}]`
    if (/\bprovider\s*=/.test(text)) {
      reader.report(place, {
        code: 'no-discovery',
        message: `${quote(text)}: the machines of a cloud are not looked up`,
        hint: insteadOfCloudJoin,
      })
      return []
    }
    return expandAddress(reader, place, text, interfaces)
      .split(/\s+/)
      .filter(part => part !== '')
      .flatMap(part => {
        if (isHostPort(part)) return [part]
        reader.report(place, {
          code: 'bad-address',
          message: `an agent to join is named by a host with or without a port, found ${quote(part)}`,
          hint: 'write e.g. "10.0.0.1" or "10.0.0.1:8301"',
        })
        return []
      })
  })
}

/** Whether a text is `host`, `host:port`, `[v6]`, `[v6]:port` or a bare IPv6 address. */
export function isHostPort(text: string): boolean {
  if (isIPv6(text)) return true
  const match = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/.exec(text)
  const [, host = '', port] = match ?? []
  return (
    match !== null
    && (!host.startsWith('[') || isIPv6(host.slice(1, -1)))
    && (port === undefined || (Number(port) > 0 && Number(port) <= 65535))
  )
}
