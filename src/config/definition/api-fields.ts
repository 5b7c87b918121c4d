import { fields } from './api-decode.js'
import type { Field, Fields } from './api-decode.js'

// The spellings that HTTP takes: CamelCase in any case, and the few snake_case ones that Consul knows.
// ProxyHTTP and ProxyGRPC belong to the service mesh and are accepted without effect.
const work: Fields = fields([
  ['Name', 'name', 'text'],
  ['Status', 'status', 'text'],
  ['Notes', 'notes', 'text'],
  ['ScriptArgs script_args Args', 'args', 'texts'],
  ['HTTP', 'http', 'text'],
  ['Header', 'header', 'textsMap'],
  ['Method', 'method', 'text'],
  ['Body', 'body', 'text'],
  ['DisableRedirects', 'disable_redirects', 'flag'],
  ['TCP', 'tcp', 'text'],
  ['TCPUseTLS', 'tcp_use_tls', 'flag'],
  ['UDP', 'udp', 'text'],
  ['GRPC', 'grpc', 'text'],
  ['GRPCUseTLS grpc_use_tls', 'grpc_use_tls', 'flag'],
  ['H2PING', 'h2ping', 'text'],
  ['H2PingUseTLS', 'h2ping_use_tls', 'flag'],
  ['OSService', 'os_service', 'text'],
  ['DockerContainerID docker_container_id', 'docker_container_id', 'text'],
  ['Shell', 'shell', 'text'],
  ['AliasService', 'alias_service', 'text'],
  ['AliasNode', 'alias_node', 'text'],
  ['TTL', 'ttl', 'duration'],
  ['Interval', 'interval', 'duration'],
  ['Timeout', 'timeout', 'duration'],
  ['TLSServerName tls_server_name', 'tls_server_name', 'text'],
  ['TLSSkipVerify tls_skip_verify', 'tls_skip_verify', 'flag'],
  ['OutputMaxSize', 'output_max_size', 'count'],
  ['SuccessBeforePassing', 'success_before_passing', 'count'],
  ['FailuresBeforeWarning', 'failures_before_warning', 'count'],
  ['FailuresBeforeCritical', 'failures_before_critical', 'count'],
  ['DeregisterCriticalServiceAfter deregister_critical_service_after', 'deregister_critical_service_after', 'duration'],
  ['ProxyHTTP ProxyGRPC', '', 'any'],
])

/** The body of `PUT /v1/agent/check/register`. Go clients send an empty `CheckID` beside `ID`. */
export const checkFields: Fields = joined(
  work,
  fields([
    ['ID', 'id', 'text'],
    ['CheckID', 'check_id', 'text'],
    ['ServiceID service_id', 'service_id', 'text'],
    ['Token', 'token', 'text'],
  ]),
)

/** A check inside a service's body: whose it is stands already there. */
const innerCheckFields: Fields = joined(
  work,
  fields([
    ['CheckID', 'id', 'text'],
    ['ServiceID service_id', '', 'any'],
  ]),
)

/** The body of `PUT /v1/agent/service/register`. */
export const serviceFields: Fields = fields([
  ['ID', 'id', 'text'],
  ['Name', 'name', 'text'],
  ['Kind', 'kind', 'text'],
  ['Tags', 'tags', 'texts'],
  ['Address', 'address', 'text'],
  [
    'TaggedAddresses tagged_addresses',
    'tagged_addresses',
    {
      map: fields([
        ['Address', 'address', 'text'],
        ['Port', 'port', 'count'],
      ]),
    },
  ],
  ['Meta', 'meta', 'textMap'],
  ['Port', 'port', 'count'],
  ['SocketPath', 'socket_path', 'text'],
  ['EnableTagOverride enable_tag_override', 'enable_tag_override', 'flag'],
  [
    'Weights',
    'weights',
    {
      object: fields([
        ['Passing', 'passing', 'count'],
        ['Warning', 'warning', 'count'],
      ]),
    },
  ],
  ['Token', 'token', 'text'],
  ['Check', 'check', { object: innerCheckFields }],
  ['Checks', 'checks', { list: innerCheckFields }],
  ['Proxy', 'proxy', 'free'],
  ['Connect', 'connect', 'free'],
])

function joined(...tables: readonly Fields[]): Fields {
  return new Map<string, Field>(tables.flatMap(table => [...table]))
}
