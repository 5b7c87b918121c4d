import { MusterError } from '../common/errors.js'
import type { Client } from './client.js'

/** The part of `/v1/agent/self` that tells whose agent it is. */
interface Self {
  readonly Config?: { readonly Version?: string; readonly MusterVersion?: string }
}

/** The version of Consul that an agent is; undefined for one of muster, and for what does not say. */
export async function consulVersion(client: Client): Promise<string | undefined> {
  try {
    const { Config } = await client.get<Self>('/v1/agent/self')
    return Config?.MusterVersion === undefined ? Config?.Version : undefined
  } catch (error) {
    if (error instanceof MusterError || error instanceof SyntaxError) return undefined
    throw error
  }
}

/**
 * GETs JSON from an endpoint that only agents of muster have.
 * @throws MusterError CLI_CONSUL where an agent of Consul was asked; else as {@link Client.get}
 */
export async function getOwn<Body>(client: Client, path: string, what: string): Promise<Body> {
  try {
    return await client.get<Body>(path)
  } catch (error) {
    const version = error instanceof MusterError && error.status === 404 ? await consulVersion(client) : undefined
    if (version === undefined) throw error
    throw new MusterError('CLI_CONSUL', `the agent is Consul ${version}, which has no ${what}`, {
      cause: error,
      hint: 'ask an agent of muster: -http-addr names another one',
    })
  }
}
