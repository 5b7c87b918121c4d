import {
  readInstances,
  readServiceQuery,
  selectForQuery,
  type CatalogReads,
  type RemoteDatacenters,
} from '../../catalog/index.js'
import { errorMessage } from '../../common/errors.js'
import { fieldsOf } from '../../common/plain-data.js'
import type { Logger } from '../../telemetry/index.js'
import type { RpcClient, RpcServer } from '../../rpc/index.js'
import { methods } from './wan-messages.js'
import type { Routes } from './routes.js'

interface RemoteQueriesParts {
  readonly server: RpcServer
  readonly client: RpcClient
  readonly routes: Routes
  readonly catalog: CatalogReads & { barrier(): Promise<void> }
  /** Names of the other datacenters, the nearest first. */
  readonly nearest: () => readonly string[]
  readonly random: () => number
  readonly log: Logger
}

/** Milliseconds for one datacenter: who asks waits for all that are tried. */
const timeoutMs = 3000
const queryLimit = 64 * 1024

/** Prepared queries across datacenters: answers those of others, and asks for those of this one. */
export function remoteQueries({
  server,
  client,
  routes,
  catalog,
  nearest,
  random,
  log,
}: RemoteQueriesParts): RemoteDatacenters {
  server.handle(
    methods.query,
    async body => {
      const { query, limit } = fieldsOf(body)
      const wanted = readServiceQuery(query)
      await catalog.barrier()
      const found = selectForQuery(catalog, wanted, random)
      return typeof limit === 'number' && limit > 0 ? found.slice(0, limit) : found
    },
    { wan: true, bodyLimit: queryLimit },
  )
  return {
    nearest,
    remote: async (datacenter, query, limit) => {
      try {
        const answer = await routes.first(datacenter, async address => ({
          found: await client.call(address, methods.query, { query, limit }, { timeout: timeoutMs }),
        }))
        return answer === undefined ? undefined : readInstances(answer.found)
      } catch (error) {
        log.warn('a prepared query could not be asked in another datacenter', {
          datacenter,
          error: errorMessage(error),
        })
        return undefined
      }
    },
  }
}
