import type { preparedQueries, Instance } from '../../catalog/index.js'
import { MusterError } from '../../common/errors.js'
import type { Duration } from '../../common/duration.js'
import type { RpcServer } from '../../rpc/index.js'
import type { ServerPool } from './server-pool.js'
import { Shape } from '../../rpc/index.js'

const method = 'query/resolve'

/** Most instances that one answer brings: more than any answer of DNS holds. */
const maxInstances = 4096

type LocalQueries = ReturnType<typeof preparedQueries>
type Resolved = Awaited<ReturnType<LocalQueries['resolve']>>
type Client = Parameters<LocalQueries['resolve']>[1]

/**
 * Runs prepared queries for client agents. `queriesOf` gives those as an agent of that node name asks them: `_agent`
 * means that agent.
 */
export function registerQueryHandler(server: RpcServer, queriesOf: (nodeName: string) => LocalQueries): void {
  server.handle(method, async body => {
    const request = new Shape(body, 'a question for a prepared query')
    const client = request.object('client')
    const found = await queriesOf(request.text('agent')).resolve(request.text('name'), {
      address: client.text('address'),
      subnet: client.optionalText('subnet'),
    })
    return found === undefined
      ? { found: false }
      : {
          found: true,
          ordered: found.ordered,
          ...(found.ttl !== undefined && { ttl: found.ttl }),
          ...(found.datacenter !== undefined && { datacenter: found.datacenter }),
          instances: found.instances.slice(0, maxInstances),
        }
  })
}

/** Prepared queries as a client agent's DNS asks them: of a server, each time. Rejects when none answers. */
export function remoteQueries(
  pool: ServerPool,
  nodeName: string,
): { resolve(nameOrId: string, client: Client): Promise<Resolved> } {
  return {
    resolve: async (name, client) => {
      const answer = new Shape(
        await pool.call(method, { name, agent: nodeName, client }, { timeout: 2000, mayRepeat: true }),
        'the outcome of a prepared query',
      )
      if (!answer.flag('found')) return undefined
      const datacenter = answer.optionalText('datacenter')
      return {
        instances: answer.list('instances', maxInstances, readInstance),
        ordered: answer.flag('ordered'),
        ttl: answer.has('ttl') ? (answer.number('ttl') as Duration) : undefined,
        ...(datacenter !== undefined && { datacenter }),
      }
    },
  }
}

/**
 * An instance as a server of the same cluster gives it, which has read it from the store. @throws MusterError
 * CLUSTER_MESSAGE
 */
function readInstance(value: unknown): Instance {
  const { node, service, checks } = value as Partial<Instance>
  if (typeof node !== 'object' || typeof service !== 'object' || !Array.isArray(checks))
    throw new MusterError('CLUSTER_MESSAGE', 'an instance lacks its parts')
  return value as Instance
}
