import { MusterError } from '../../common/errors.js'
import { unexpected, type Client } from '../client.js'
import { pause } from '../pause.js'

/** Time to live of the session, in seconds. It is renewed twice as often. */
const ttl = 15

/** A session that is kept alive until it is closed. `lost` is aborted when the servers do not know it any more. */
export interface LockSession {
  readonly id: string
  readonly lost: AbortSignal
  close(): Promise<void>
}

/** Creates one. `behavior` says what becomes of its keys when it ends: they are released, or deleted. @throws MusterError CLI_ANSWER, CLI_UNREACHABLE */
export async function createSession(client: Client, name: string, behavior: 'release' | 'delete'): Promise<LockSession> {
  const { body } = await client.put('/v1/session/create', {}, { Name: name, TTL: `${ttl}s`, Behavior: behavior })
  const { ID: id } = JSON.parse(body) as { ID: string }
  const lost = new AbortController()
  const closing = new AbortController()
  const renewing = renew(client, id, lost, closing.signal)
  return {
    id, lost: lost.signal,
    close: async () => {
      closing.abort()
      await renewing
      const { status, body: answer } = await client.request('PUT', `/v1/session/destroy/${id}`)
      if (status !== 200) throw unexpected(status, answer)
    },
  }
}

/** A renewal that fails is tried again each second: the session lives as long as one comes through in time. */
async function renew(client: Client, id: string, lost: AbortController, closing: AbortSignal): Promise<void> {
  for (let wait = ttl * 500; ; ) {
    await pause(wait, closing)
    if (closing.aborted) return
    try {
      const { status } = await client.request('PUT', `/v1/session/renew/${id}`)
      if (status === 404) {
        lost.abort()
        return
      }
      wait = status === 200 ? ttl * 500 : 1000
    } catch (error) {
      if (!(error instanceof MusterError)) throw error
      wait = 1000
    }
  }
}
