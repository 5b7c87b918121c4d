import { kindNamed, kindsOf } from '../../check-kinds/index.js'
import type { KindName } from '../../check-kinds/index.js'
import { MusterError } from '../../common/errors.js'
import { filled } from '../../common/filled.js'
import { isCheckStatus } from '../../common/health.js'
import { metaFault } from '../../common/meta-limits.js'
import { lengthFault, maxIdBytes, maxServiceIdBytes } from '../../common/name-limits.js'
import { durationOf } from '../../common/read-duration.js'
import type { WrittenCheck, WrittenService } from '../../generated/types.js'
import type { CheckDefinition, ServiceDefinition } from '../types.js'
import { decodeObject } from './api-decode.js'
import { checkFields, serviceFields } from './api-fields.js'
import { buildCheck, serviceCheckIdentity } from './build-check.js'
import { buildService, isWildcard, serviceId } from './build-service.js'
import type { Limits } from './problem.js'

/**
 * The definition in the body of `PUT /v1/agent/service/register`. As lenient as Consul where files are judged more
 * strictly: existing clients must keep working. `Check` comes before `Checks` here, in files it is the other way round.
 * @throws MusterError 400, in Consul's words
 */
export function serviceFromApi(body: unknown, limits: Limits): ServiceDefinition {
  const {
    check: one,
    checks: many = [],
    proxy,
    connect,
    ...rest
  } = decodeObject(body, serviceFields) as Partial<WrittenService>
  const { name, address, socket_path: socket, port = 0, meta = {} } = rest
  if (!filled(name)) throw refused('Missing service name')
  if (isWildcard(address)) throw refused('Invalid service address', "leave Address out for the node's own address")
  const weights = weightsOf(rest)
  const fault = metaFault(meta)
  if (fault !== undefined) throw refused(`Invalid Service Meta: ${fault.text}`)
  if (filled(socket) && (filled(address) || port !== 0))
    throw refused('Invalid service: SocketPath cannot be set together with Address or Port')
  const service: WrittenService = { ...rest, name, weights, tagged_addresses: withAddresses(rest.tagged_addresses) }
  const written = one === undefined || isEmpty(one) ? many : [one, ...many]
  const kinds = written.map(kindOf)
  for (const { status } of written)
    if (!isStatus(status)) throw refused("Status for checks must 'passing', 'warning', 'critical'")
  const identity = { id: serviceId(service), name, token: service.token ?? '' }
  assertLength('service name', name, maxServiceIdBytes)
  assertLength('service id', identity.id, maxServiceIdBytes)
  const checks = written.map((check, i) =>
    buildCheck(check, kinds[i] ?? 'ttl', serviceCheckIdentity(check, i, written.length, identity), limits),
  )
  for (const { id } of checks) assertLength('check id', id, maxIdBytes)
  const ofTheMesh = { ...(proxy !== undefined && { proxy }), ...(connect !== undefined && { connect }) }
  return { ...buildService(service, checks), ...(!isEmpty(ofTheMesh) && { mesh: ofTheMesh }) }
}

/**
 * The definition in the body of `PUT /v1/agent/check/register`. Whether the service that it names exists is the agent's
 * to say.
 * @throws MusterError 400, in Consul's words
 */
export function checkFromApi(body: unknown, limits: Limits): CheckDefinition {
  const { check_id: otherId, ...written } = decodeObject(body, checkFields) as WrittenCheck & { check_id?: string }
  const { id, name, status } = written
  if (!filled(name)) throw refused('Missing check name')
  if (!isStatus(status)) throw refused('Bad check status', 'passing, warning and critical are allowed')
  const kind = kindOf(written)
  const identity = {
    id: filled(id) ? id : filled(otherId) ? otherId : name,
    name,
    serviceId: written.service_id ?? '',
    token: written.token ?? '',
    alone: true,
  }
  assertLength('check id', identity.id, maxIdBytes)
  return buildCheck(written, kind, identity, limits)
}

/**
 * The kind that Consul would run, after the rules that Consul has; where several are asked for, the first in its order.
 */
function kindOf(written: WrittenCheck): KindName {
  const text = checkFault(written)
  if (text !== undefined) throw refused(`Invalid check: ${text}`)
  const ttl = durationOf(written.ttl) ?? 0
  const kind = kindsOf(written).find(one => one !== 'ttl' || ttl > 0)
  if (kind === undefined) throw refused('Invalid check: TTL must be > 0 for TTL checks')
  return kind
}

function checkFault(written: WrittenCheck): string | undefined {
  const kinds = kindsOf(written)
  const alias = kinds.includes('alias')
  // A container id alone declares no check; a program does, with or without a container.
  const polled = kinds.some(kind => kindNamed(kind).polled)
  const interval = durationOf(written.interval) ?? 0
  const ttl = durationOf(written.ttl) ?? 0
  const { failures_before_warning: warning = 0, failures_before_critical: critical = 0 } = written
  if (interval > 0 && ttl > 0) return 'Interval and TTL cannot both be specified'
  if (polled && interval <= 0) return 'Interval must be > 0 for Script, HTTP, H2PING, or TCP checks'
  if (polled && alias) return 'Interval cannot be set for Alias checks'
  if (alias && ttl > 0) return 'TTL must be not be set for Alias checks'
  if (!polled && !alias && ttl <= 0) return 'TTL must be > 0 for TTL checks'
  if ((written.output_max_size ?? 0) < 0) return 'MaxOutputMaxSize must be positive'
  return warning > critical ? "FailuresBeforeWarning can't be higher than FailuresBeforeCritical" : undefined
}

/** Weights as given: unlike in files, one that is left out of a given `Weights` is 0. */
function weightsOf({ weights }: Partial<WrittenService>): { passing: number; warning: number } {
  if (weights === undefined) return { passing: 1, warning: 1 }
  const { passing = 0, warning = 0 } = weights
  if (passing < 1) throw refused('Invalid Weights: Passing must be greater than 0')
  if (warning < 0) throw refused('Invalid Weights: Warning must be greater or equal than 0')
  if (passing > 65535 || warning > 65535) throw refused('Invalid Weights: DNS Weight must be between 0 and 65535')
  return { passing, warning }
}

const withAddresses = (
  tagged: Readonly<Record<string, { address?: string; port?: number }>> = {},
): NonNullable<WrittenService['tagged_addresses']> =>
  Object.fromEntries(Object.entries(tagged).map(([name, { address = '', port = 0 }]) => [name, { address, port }]))

/** Whether an object says nothing at all: `"Check": {}` is no check. */
const isEmpty = (object: object): boolean =>
  Object.values(object as Readonly<Record<string, unknown>>).every(
    value =>
      value === ''
      || value === 0
      || value === false
      || value === '0'
      || value === '0s'
      || (typeof value === 'object' && value !== null && Object.keys(value).length === 0),
  )

function assertLength(what: string, text: string, limit: number): void {
  const fault = lengthFault(what, text, limit)
  if (fault !== undefined) throw refused(fault)
}

const isStatus = (status: string | undefined): boolean => !filled(status) || isCheckStatus(status)

const refused = (text: string, hint?: string): MusterError =>
  new MusterError('DEFINITION_INVALID', text, { status: 400, ...(hint === undefined ? {} : { hint }) })
