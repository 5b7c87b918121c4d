import { isDeepStrictEqual } from 'node:util'
import { isObject } from '../common/plain-data.js'
import { nodeAt } from './read/keys.js'
import type { Settings } from './settings.js'
import type { NeedsRestart, Origin } from './types.js'

/** Where a part of {@link Settings} is called otherwise than the file's key in camelCase; the longest match counts. */
const names: readonly (readonly [string, string])[] = [
  ['clientAddrs', 'client_addr'],
  ['dns', 'dns_config'],
  ['http', 'http_config'],
  ['ui', 'ui_config'],
  ['log.level', 'log_level'],
  ['log.json', 'log_json'],
  ['log.file', 'log_file'],
  ['log.rotateBytes', 'log_rotate_bytes'],
  ['log.rotateDuration', 'log_rotate_duration'],
  ['log.rotateMaxFiles', 'log_rotate_max_files'],
  ['log.syslog', 'enable_syslog'],
  ['log.syslogFacility', 'syslog_facility'],
  ['leaveDrainTime', 'performance.leave_drain_time'],
  ['cluster.lanBind', 'serf_lan'],
  ['cluster.wanBind', 'serf_wan'],
  ['cluster.lanAllowedCidrs', 'serf_lan_allowed_cidrs'],
  ['cluster.wanAllowedCidrs', 'serf_wan_allowed_cidrs'],
  ['cluster.rpcHoldTimeout', 'performance.rpc_hold_timeout'],
  ['cluster.raftMultiplier', 'performance.raft_multiplier'],
  ['cluster.rpcMaxConnsPerClient', 'limits.rpc_max_conns_per_client'],
  ['cluster.autopilot', 'autopilot'],
  ['cluster', ''],
  ['etcd.quotaBytes', 'store.etcd.quota'],
  ['etcd', 'store.etcd'],
]

/** Parts whose members are no keys of their own, so a change is one of the whole. */
const whole = new Set(['nodeMeta', 'taggedAddresses', 'dns.serviceTtl', 'http.responseHeaders'])

/** `dev` is a flag only; the engine follows from other keys. */
const keyless = new Set(['dev', 'engine', 'lone'])

/** Every part of the settings with the dotted key that files set it by. */
export function settingParts(settings: Settings): readonly { readonly key: string; readonly value: unknown }[] {
  const parts: { key: string; value: unknown }[] = []
  const visit = (value: unknown, path: string): void => {
    if (isObject(value) && !whole.has(path)) {
      for (const [name, member] of Object.entries(value)) visit(member, path === '' ? name : `${path}.${name}`)
    } else if (!keyless.has(path)) parts.push({ key: keyOf(path), value })
  }
  visit(settings, '')
  return parts
}

function keyOf(path: string): string {
  const name = names.find(([part]) => path === part || path.startsWith(`${part}.`))
  const rest = name === undefined ? path : path.slice(name[0].length)
  const snake = rest.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)
  return name?.[1] === '' ? snake.slice(1) : (name?.[1] ?? '') + snake
}

const secretKey = 'store.etcd.password'

/** Replaces secrets in output, as in Consul. */
const hidden = 'hidden'

const shown = (key: string, value: unknown): unknown => (key === secretKey && value !== '' ? hidden : value)

/** The settings as anyone may see them. */
export const withoutSecrets = (settings: Settings): Settings =>
  settings.etcd.password === '' ? settings : { ...settings, etcd: { ...settings.etcd, password: hidden } }

/**
 * Which settings differ: those that take effect at once, and those that wait for a restart, with the place that sets
 * them.
 */
export function settingsDifference(
  running: Settings,
  wanted: Settings,
  origin: (key: string) => Origin | undefined,
): { live: string[]; needsRestart: NeedsRestart[] } {
  const live: string[] = []
  const needsRestart: NeedsRestart[] = []
  if (running === wanted) return { live, needsRestart }
  const before = new Map(settingParts(running).map(({ key, value }) => [key, value]))
  for (const { key, value } of settingParts(wanted)) {
    if (isDeepStrictEqual(before.get(key), value)) continue
    if (nodeAt(key.split('.'))?.reload === 'live') live.push(key)
    else {
      const at = origin(key)
      needsRestart.push({
        key,
        running: shown(key, before.get(key)),
        written: shown(key, value),
        ...(at === undefined ? {} : { at }),
      })
    }
  }
  return { live, needsRestart }
}
