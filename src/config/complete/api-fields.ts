import { apiKeys } from '../../check-kinds/index.js'
import { fields } from './api-decode.js'
import type { Field, Fields } from './api-decode.js'

// The spellings that HTTP takes: CamelCase in any case, and the few snake_case ones that Consul knows.
// ProxyHTTP and ProxyGRPC belong to the service mesh and are accepted without effect.
const work: Fields = fields([
  ['Name', 'name', 'text'],
  ['Status', 'status', 'text'],
  ['Notes', 'notes', 'text'],
  ...apiKeys.map(({ spellings, name, value }) => [spellings.join(' '), name, value] as const),
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
