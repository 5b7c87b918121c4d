import type { SessionRequest } from '../../catalog/index.js'
import { milliseconds, parseDuration, seconds, type Duration } from '../../common/duration.js'
import { serfHealthCheckId } from '../../common/health.js'
import { decodeBody, list, openObject, string, type Reader } from './decode.js'
import { decodeFailed } from './json-body.js'

const nanoseconds = 1e6

/** Smaller numbers are seconds, as people write them; others nanoseconds, as Go's client sends them. */
const leastNanoseconds = 1000

const lockDelay: Reader<Duration> = (value, where) => {
  if (typeof value === 'string') {
    const read = parseDuration(value)
    if (read === undefined) throw decodeFailed(`time: invalid duration ${JSON.stringify(value)}`)
    return notNegative(read, where)
  }
  if (typeof value !== 'number' || !Number.isFinite(value)) throw decodeFailed(`${where}: expected a duration`)
  return notNegative(
    value < leastNanoseconds ? seconds(Math.trunc(value)) : milliseconds(Math.trunc(value) / nanoseconds),
    where,
  )
}

function notNegative(delay: Duration, where: string): Duration {
  if (delay < 0 || !Number.isSafeInteger(Math.round(delay * nanoseconds)))
    throw decodeFailed(`${where}: this duration is out of range`)
  return delay
}

const creation = openObject({
  Name: string,
  Node: string,
  LockDelay: lockDelay,
  Behavior: string,
  TTL: string,
  NodeChecks: list(string),
  ServiceChecks: list(openObject({ ID: string })),
  Checks: list(string),
})

/** The body of `PUT /v1/session/create`, which may be empty, for a session of this id. @throws MusterError 400 */
export function readSessionCreation(body: Buffer, id: string, ownNode: string): SessionRequest {
  const given = body.length === 0 ? {} : decodeBody(body, creation)
  return {
    id,
    name: given.Name ?? '',
    node: given.Node ?? ownNode,
    lockDelay: given.LockDelay ?? seconds(15),
    behavior: given.Behavior ?? '',
    ttl: given.TTL ?? '',
    serviceChecks: (given.ServiceChecks ?? []).map(({ ID }) => ID ?? ''),
    ...checksOf(given.NodeChecks ?? [serfHealthCheckId], given.Checks ?? [serfHealthCheckId]),
  }
}

/** Either of the two forms being empty takes the default out of the other. */
function checksOf(
  nodeChecks: readonly string[],
  checks: readonly string[],
): Pick<SessionRequest, 'nodeChecks' | 'checks'> {
  if (checks.length === 0) return { nodeChecks: [], checks: [] }
  const isDefault = checks.length === 1 && checks[0] === serfHealthCheckId
  return { nodeChecks, checks: nodeChecks.length === 0 || isDefault ? [] : checks }
}
