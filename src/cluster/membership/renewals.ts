import type { Clock } from '../../common/clock.js'
import type { Duration } from '../../common/duration.js'
import { MusterError } from '../../common/errors.js'
import type { RpcClient } from '../../rpc/index.js'
import { pause } from '../../common/pause.js'
import { memberMethods } from './types.js'

/** What renewals are brought to the steward with. */
export interface RenewalParts {
  /** Whether this server is the steward. */
  readonly here: () => boolean
  /** A session was renewed. */
  readonly renewed: (id: string) => void
  /** Cluster port of the steward, '' while there is none. */
  readonly steward: () => string
  readonly client: RpcClient | undefined
  readonly holdTimeout: Duration
  readonly clock: Clock
}

/** ms between two attempts, and for one. */
const pace = { between: 200, attempt: 2000 }

/**
 * Brings the renewal of a session to the server that ends sessions, whichever that is by then. Rejects with
 * STORE_NO_LEADER when there is none for too long.
 */
export async function renewAtSteward(
  id: string,
  { here, renewed, steward, client, holdTimeout, clock }: RenewalParts,
): Promise<void> {
  const end = clock.monotonic() + holdTimeout
  for (;;) {
    if (here()) {
      renewed(id)
      return
    }
    const address = steward()
    let cause: unknown
    try {
      if (address !== '' && client !== undefined) {
        await client.call(address, memberMethods.renewSession, { id }, { timeout: pace.attempt })
        return
      }
    } catch (error) {
      cause = error
    }
    if (clock.monotonic() >= end)
      throw new MusterError('STORE_NO_LEADER', 'No cluster leader', {
        cause,
        hint: 'the session was not renewed: the server that ends sessions cannot be reached',
      })
    await pause(clock, pace.between)
  }
}

/** The answer of a server that is not the steward. */
export const notSteward = (): MusterError =>
  new MusterError('CLUSTER_NOT_STEWARD', 'another server looks after sessions by now')
