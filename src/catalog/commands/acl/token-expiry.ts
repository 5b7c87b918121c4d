import { formatDuration, hours, milliseconds, minutes, type Duration } from '../../../common/duration.js'
import { invalidAcl } from '../../acl/names.js'

/** Shortest and longest lives of tokens, as in Consul. */
const minLife = minutes(1)
const maxLife = hours(24)

/** When a token is to expire: after so long, or at a time in ms since 1970; both left out: never. */
export interface ExpiryRequest {
  readonly expirationTtl?: Duration
  readonly expirationTime?: number
}

/**
 * When a token expires that is created now.
 * @throws MusterError ACL_INVALID in Consul's words
 */
export function expiryOf({ expirationTtl, expirationTime }: ExpiryRequest, now: number): number | undefined {
  const ttl = expirationTtl === undefined || expirationTtl === 0 ? undefined : expirationTtl
  if (ttl !== undefined && ttl < 0) throw invalidAcl(`Token Expiration TTL '${formatDuration(ttl)}' should be > 0`)
  if (ttl !== undefined && expirationTime !== undefined)
    throw invalidAcl('Token Expiration TTL and Expiration Time cannot both be set')
  const at = ttl === undefined ? expirationTime : now + ttl
  if (at === undefined) return undefined
  if (at < now) throw invalidAcl('ExpirationTime cannot be before CreateTime')
  const life = milliseconds(at - now)
  if (life > maxLife) throw outOfBounds('more', maxLife, life)
  if (life < minLife) throw outOfBounds('less', minLife, life)
  return at
}

/** @throws MusterError ACL_INVALID in Consul's words, when tokens of a method may not live as long. */
export function assertMaxTokenTtl(ttl: Duration): void {
  const named = `MaxTokenTTL ${formatDuration(ttl)} cannot be`
  if (ttl > maxLife) throw invalidAcl(`${named} more than ${formatDuration(maxLife)}`)
  if (ttl !== 0 && ttl < minLife) throw invalidAcl(`${named} less than ${formatDuration(minLife)}`)
}

const outOfBounds = (than: 'more' | 'less', bound: Duration, life: Duration): Error =>
  invalidAcl(
    `ExpirationTime cannot be ${than} than ${formatDuration(bound)} in the future (was ${formatDuration(life)})`,
  )
