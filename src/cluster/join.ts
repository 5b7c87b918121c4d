import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Clock } from '../common/clock.js'
import { MusterError, errorMessage } from '../common/errors.js'
import { hostPort, parseHostPort } from '../common/host-port.js'
import { pause } from '../common/pause.js'
import { retryDelay } from '../common/retry-delay.js'

/** How agents are joined by what a user wrote. */
export interface Joining {
  /** The port of an address written without one. */
  readonly port: number
  /** Greets one agent at `ip:port`. */
  readonly greet: (address: string) => Promise<unknown>
  /** IPs of a host name; the system's resolver unless given. */
  readonly resolve?: (host: string) => Promise<readonly string[]>
}

/** Most addresses that one name stands for: more are an error of the name. */
const maxResolved = 64

/**
 * Greets agents by `host[:port]`; a host may have several addresses, each is tried. Resolves with how many answered.
 * Rejects CLUSTER_JOIN_FAILED, naming each failure, when none did.
 */
export async function joinAddresses(
  addresses: readonly string[],
  { port, greet, resolve = resolveHost }: Joining,
): Promise<number> {
  const attempts = await Promise.all(
    addresses.map(async address => {
      const place = parseHostPort(address, port)
      if (place === undefined) return [{ address, error: new MusterError('CLUSTER_JOIN_FAILED', 'is no host[:port]') }]
      try {
        const ips = isIP(place.host) === 0 ? (await resolve(place.host)).slice(0, maxResolved) : [place.host]
        if (ips.length === 0) throw new MusterError('CLUSTER_JOIN_FAILED', 'the name has no addresses')
        return await Promise.all(
          ips.map(async ip => ({
            address: ips.length > 1 ? `${address} (${ip})` : address,
            error: await failure(() => greet(hostPort(ip, place.port))),
          })),
        )
      } catch (error) {
        return [{ address, error }]
      }
    }),
  )
  const all = attempts.flat()
  const failures = all.filter(({ error }) => error !== undefined)
  if (failures.length > 0 && failures.length === all.length) {
    const hint = failures
      .map(({ error }) => (error instanceof MusterError ? error.hint : undefined))
      .find(one => one !== undefined)
    throw new MusterError(
      'CLUSTER_JOIN_FAILED',
      failures.map(({ address, error }) => `Failed to join ${address}: ${errorMessage(error)}`).join('; '),
      {
        hint: hint ?? `is an agent running there, and is its port (${port} unless written otherwise) reachable?`,
      },
    )
  }
  return all.length - failures.length
}

const resolveHost = async (host: string): Promise<readonly string[]> =>
  (await lookup(host, { all: true })).map(({ address }) => address)

async function failure(attempt: () => Promise<unknown>): Promise<unknown> {
  try {
    await attempt()
    return undefined
  } catch (error) {
    return error ?? new Error('unknown failure')
  }
}

/** How joining is tried again. */
export interface RetryJoin {
  readonly addresses: readonly string[]
  /** ms between attempts. */
  readonly interval: number
  /** Attempts before giving up; 0: without end. */
  readonly maxAttempts: number
}

/**
 * ms after the first failure: agents that start together find one another at the second attempt, and need not wait out
 * a whole interval.
 */
const firstInterval = 1000

/**
 * Joins until one of the addresses answers; the time between attempts grows up to `interval`, unless attempts are
 * counted. Resolves with how many did, 0 when `signal` ended it. Rejects CLUSTER_JOIN_EXHAUSTED after the last attempt:
 * the agent ends then.
 */
export async function retryJoin(
  { addresses, interval, maxAttempts }: RetryJoin,
  join: (addresses: readonly string[]) => Promise<number>,
  {
    clock,
    signal,
    failed,
  }: {
    readonly clock: Clock
    readonly signal: AbortSignal
    readonly failed: (error: unknown, attempt: number) => void
  },
): Promise<number> {
  for (let attempt = 1; !signal.aborted; attempt++) {
    try {
      return await join(addresses)
    } catch (error) {
      if (maxAttempts > 0 && attempt >= maxAttempts) {
        throw new MusterError('CLUSTER_JOIN_EXHAUSTED', 'agent: max join LAN retry exhausted, exiting', {
          hint: `none of ${addresses.join(', ')} answered in ${attempt} attempts; the last failure: ${errorMessage(error)}`,
          cause: error,
        })
      }
      failed(error, attempt)
      await pause(
        clock,
        maxAttempts > 0 ? interval : retryDelay({ min: firstInterval, max: interval }, attempt),
        signal,
      )
    }
  }
  return 0
}
