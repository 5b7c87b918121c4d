import type { WrittenCheck } from '../../generated/types.js'
import { normalDuration } from './durations.js'

/** How the API spells what a check does. Who it belongs to, and its token, are no part of that. */
const apiNames = {
  http: 'HTTP',
  header: 'Header',
  method: 'Method',
  body: 'Body',
  disable_redirects: 'DisableRedirects',
  tcp: 'TCP',
  tcp_use_tls: 'TCPUseTLS',
  udp: 'UDP',
  grpc: 'GRPC',
  grpc_use_tls: 'GRPCUseTLS',
  h2ping: 'H2PING',
  h2ping_use_tls: 'H2PingUseTLS',
  os_service: 'OSService',
  args: 'ScriptArgs',
  docker_container_id: 'DockerContainerID',
  shell: 'Shell',
  alias_service: 'AliasService',
  alias_node: 'AliasNode',
  ttl: 'TTL',
  interval: 'Interval',
  timeout: 'Timeout',
  tls_server_name: 'TLSServerName',
  tls_skip_verify: 'TLSSkipVerify',
  output_max_size: 'OutputMaxSize',
  success_before_passing: 'SuccessBeforePassing',
  failures_before_warning: 'FailuresBeforeWarning',
  failures_before_critical: 'FailuresBeforeCritical',
  deregister_critical_service_after: 'DeregisterCriticalServiceAfter',
} as const satisfies Partial<Record<keyof WrittenCheck, string>>

const names: ReadonlyMap<string, string> = new Map(Object.entries(apiNames))
const durations = new Set(['ttl', 'interval', 'timeout', 'deregister_critical_service_after'])

/** What a check says about its work, spelled as the API does: CamelCase keys, durations as Go prints them. */
export function apiSpelling(written: WrittenCheck): Readonly<Record<string, unknown>> {
  const result: Record<string, unknown> = {}
  for (const key in written) {
    const name = names.get(key)
    const value: unknown = written[key as keyof WrittenCheck]
    if (name !== undefined && value !== '')
      result[name] = typeof value === 'string' && durations.has(key) ? normalDuration(value) : value
  }
  return result
}
