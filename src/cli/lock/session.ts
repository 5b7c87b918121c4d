import { MusterError } from '../../common/errors.js'
import { unexpected, type Client } from '../client.js'
import { commandClock } from '../../common/clock.js'
import { pause } from '../../common/pause.js'
import { overdue } from './types.js'

/** Time to live of the session, in seconds. It is renewed twice as often. */
const ttl = 15

/** A session that is kept alive until it is closed. `lost` is aborted when the servers do not know it any more. */
export interface LockSession {
  readonly id: string
  readonly lost: AbortSignal
  close(): Promise<void>
}

/**
 * Creates one, in the datacenter that the client asks. `behavior` says what becomes of its keys when it ends: they are
 * released, or deleted.
 * @param enough aborted when it is not wanted any more: an agent that does not answer keeps nobody waiting
 * @throws MusterError CLI_ANSWER, CLI_UNREACHABLE (also when `enough` was aborted), CLI_NO_SERVER
 */
export async function createSession(
  client: Client,
  name: string,
  behavior: 'release' | 'delete',
  enough: AbortSignal,
): Promise<LockSession> {
  const wanted = { Name: name, TTL: `${ttl}s`, Behavior: behavior, ...(await elsewhere(client, enough)) }
  const answer = await client.request('PUT', '/v1/session/create', {}, JSON.stringify(wanted), enough)
  if (answer.status !== 200) throw unexpected(answer)
  const { ID: id } = JSON.parse(answer.body) as { ID: string }
  const lost = new AbortController()
  const closing = new AbortController()
  const renewing = renew(client, id, lost, closing.signal)
  return {
    id,
    lost: lost.signal,
    close: async () => {
      closing.abort()
      await renewing
      const answer = await client.request('PUT', `/v1/session/destroy/${id}`, {}, undefined, overdue())
      if (answer.status !== 200) throw unexpected(answer)
    },
  }
}

/**
 * What a session of another datacenter is bound to: the agent's own node, the usual, is not known there, so a server is
 * taken in its place; and no check of that one, for it is the renewals that show that someone is there.
 */
async function elsewhere(
  client: Client,
  enough: AbortSignal,
): Promise<{ readonly Node?: string; readonly NodeChecks?: readonly string[] }> {
  const { datacenter } = client
  if (datacenter === '') return {}
  const { Config } = await client.get<{ readonly Config: { readonly Datacenter: string } }>(
    '/v1/agent/self',
    {},
    enough,
  )
  if (datacenter.toLowerCase() === Config.Datacenter.toLowerCase()) return {}
  const [server] = await client.get<readonly { readonly Node: { readonly Node: string } }[]>(
    '/v1/health/service/consul',
    { passing: '' },
    enough,
  )
  if (server === undefined) {
    throw new MusterError('CLI_NO_SERVER', `no server of datacenter "${datacenter}" is healthy`, {
      hint: `"muster members -wan" shows its servers`,
    })
  }
  return { Node: server.Node.Node, NodeChecks: [] }
}

/** A renewal that fails is tried again each second: the session lives as long as one comes through in time. */
async function renew(client: Client, id: string, lost: AbortController, closing: AbortSignal): Promise<void> {
  for (let wait = ttl * 500; ;) {
    await pause(commandClock, wait, closing)
    if (closing.aborted) return
    try {
      const { status } = await client.request('PUT', `/v1/session/renew/${id}`, {}, undefined, overdue())
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
