import type { RegisterCheck, RegisterRequest, RegisterService } from '../../catalog/index.js'
import { apiKeys, type KeyValue } from '../../check-kinds/index.js'
import { parseDuration } from '../../common/duration.js'
import { filled } from '../../common/filled.js'
import {
  anything,
  boolean,
  decodeBody,
  integer,
  list,
  map,
  object,
  string,
  type Decoded,
  type Reader,
} from './decode.js'
import { decodeFailed } from './json-body.js'
import { jsonExcess } from './json-excess.js'

/** A duration as text, or as nanoseconds: Go's clients write both. */
const duration: Reader<string | number> = (value, where) => {
  if (typeof value === 'string') {
    if (value !== '' && parseDuration(value) === undefined)
      throw decodeFailed(`time: invalid duration ${JSON.stringify(value)}`)
    return value
  }
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw decodeFailed(`${where}: expected a duration`)
}

const address = object({ Address: string, Port: integer })

const serviceFields = {
  Kind: string,
  ID: string,
  Service: string,
  Tags: list(string),
  Address: string,
  TaggedAddresses: map(address),
  Meta: map(string),
  Port: integer,
  SocketPath: string,
  Weights: object({ Passing: integer, Warning: integer }),
  EnableTagOverride: boolean,
  Namespace: string,
  // Fields of the service mesh have no effect. They are kept so that tools read back what they sent.
  Proxy: map(anything),
  Connect: map(anything),
  CreateIndex: integer,
  ModifyIndex: integer,
}

const service = object(serviceFields)

/** A service within a transaction, which clients often send back as they read it. */
export const transactionService = object({ ...serviceFields, Datacenter: string, ContentHash: string })

const readers: Readonly<Record<KeyValue, Reader<unknown>>> = {
  text: string,
  flag: boolean,
  count: integer,
  duration,
  texts: list(string),
  textsMap: map(list(string)),
}

const definition = object({
  ...Object.fromEntries(
    apiKeys.filter(key => key.inCatalog).map(({ spellings: [name], value }) => [name, readers[value]]),
  ),
  IntervalDuration: duration,
  TimeoutDuration: duration,
  DeregisterCriticalServiceAfterDuration: duration,
})

/** A check of a catalog write. */
export const check = object({
  Node: string,
  CheckID: string,
  Name: string,
  Status: string,
  Notes: string,
  Output: string,
  ServiceID: string,
  ServiceName: string,
  ServiceTags: list(string),
  Type: string,
  Interval: string,
  Timeout: string,
  ExposedPort: integer,
  Namespace: string,
  Definition: definition,
  CreateIndex: integer,
  ModifyIndex: integer,
})

const registration = object({
  Datacenter: string,
  ID: string,
  Node: string,
  Address: string,
  TaggedAddresses: map(string),
  NodeMeta: map(string),
  SkipNodeUpdate: boolean,
  Service: service,
  Check: check,
  Checks: list(check),
  Token: string,
  WriteRequest: object({ Token: string }),
})

const deregistration = object({
  Datacenter: string,
  Node: string,
  Address: string,
  ServiceID: string,
  CheckID: string,
  Namespace: string,
  Token: string,
  WriteRequest: object({ Token: string }),
})

/** The body of `PUT /v1/catalog/register`. @throws MusterError 400 */
export function readRegistration(body: Buffer): RegisterRequest {
  const given = decodeBody(body, registration)
  const checks = [...(given.Check === undefined ? [] : [given.Check]), ...(given.Checks ?? [])].map(registerCheck)
  return {
    node: given.Node ?? '',
    id: given.ID ?? '',
    address: given.Address ?? '',
    taggedAddresses: given.TaggedAddresses ?? null,
    meta: given.NodeMeta ?? null,
    skipNodeUpdate: given.SkipNodeUpdate ?? false,
    checks,
    ...(given.Service !== undefined && { service: registerService(given.Service) }),
  }
}

/** The datacenter of a registration or deregistration, '' for none. Faults of the body are left to its readers. */
export function namedDatacenter(body: Buffer): string {
  const source = body.toString()
  if (!/"datacenter"/i.test(source) || jsonExcess(body) !== undefined) return ''
  try {
    const fields = Object.entries(JSON.parse(source) as object).find(([name]) => name.toLowerCase() === 'datacenter')
    return typeof fields?.[1] === 'string' ? fields[1] : ''
  } catch {
    return ''
  }
}

/** The body of `PUT /v1/catalog/deregister`. @throws MusterError 400 */
export function readDeregistration(body: Buffer): {
  readonly node: string
  readonly serviceId: string
  readonly checkId: string
} {
  const given = decodeBody(body, deregistration)
  return { node: given.Node ?? '', serviceId: given.ServiceID ?? '', checkId: given.CheckID ?? '' }
}

type ServiceBody = typeof service extends Reader<infer Body> ? Body : never
type CheckBody = typeof check extends Reader<infer Body> ? Body : never
type AddressBody = Decoded<{ Address: Reader<string>; Port: Reader<number> }>

/** A service's body as the catalog takes it. */
export function registerService(given: ServiceBody): RegisterService {
  const { Weights: weights, TaggedAddresses: tagged, Proxy: proxy, Connect: connect } = given
  const mesh = { ...(hasContent(proxy) && { proxy }), ...(hasContent(connect) && { connect }) }
  return {
    kind: given.Kind ?? '',
    id: given.ID ?? '',
    name: given.Service ?? '',
    tags: given.Tags ?? [],
    address: given.Address ?? '',
    taggedAddresses:
      tagged === undefined
        ? null
        : Object.fromEntries(
            Object.entries(tagged).map(([name, one]: [string, AddressBody]) => [
              name,
              { address: one.Address ?? '', port: one.Port ?? 0 },
            ]),
          ),
    meta: given.Meta ?? null,
    port: given.Port ?? 0,
    socketPath: given.SocketPath ?? '',
    enableTagOverride: given.EnableTagOverride ?? false,
    ...(hasContent(mesh) && { mesh }),
    ...(weights !== undefined && { weights: { passing: weights.Passing ?? 0, warning: weights.Warning ?? 0 } }),
  }
}

/** The empty objects that every answer shows say nothing, and clients send them back. */
const hasContent = (object: object | undefined): boolean => object !== undefined && Object.keys(object).length > 0

/** A check's body as the catalog takes it. */
export const registerCheck = (given: CheckBody): RegisterCheck => ({
  node: given.Node ?? '',
  id: given.CheckID ?? '',
  name: given.Name ?? '',
  status: given.Status ?? '',
  notes: given.Notes ?? '',
  output: given.Output ?? '',
  serviceId: given.ServiceID ?? '',
  type: given.Type ?? '',
  definition: { ...given.Definition },
  ...(filled(given.Interval) && { interval: given.Interval }),
  ...(filled(given.Timeout) && { timeout: given.Timeout }),
})
