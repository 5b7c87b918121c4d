import { MusterError } from '../../common/errors.js'
import { parseDuration } from '../../common/duration.js'
import type { Duration } from '../../common/duration.js'
import type { Instance } from '../types.js'
import { runQuery } from './execute.js'
import type { QueryOutcome, QueryRunner } from './execute.js'

/** Who asks by DNS: `subnet` is the address that the question gives for the client behind a resolver. */
export interface NamedClient {
  readonly address: string
  readonly subnet: string | undefined
}

/** What a name of DNS stands for. `datacenter` undefined: here. */
export interface NamedInstances {
  readonly instances: readonly Instance[]
  readonly ttl: Duration | undefined
  readonly ordered: boolean
  readonly datacenter?: string
}

/** Prepared queries for DNS. `nodeName` is the node that is asked, which `_agent` stands for. */
export function preparedQueries(runner: QueryRunner & { readonly nodeName: string }) {
  const named = (outcome: QueryOutcome): NamedInstances => ({
    instances: outcome.instances,
    ttl: outcome.query.ttl === '' ? undefined : parseDuration(outcome.query.ttl),
    ordered: outcome.ordered,
    ...(outcome.datacenter !== runner.datacenter && { datacenter: outcome.datacenter }),
  })
  return {
    resolve(nameOrId: string, client: NamedClient): NamedInstances | undefined | Promise<NamedInstances | undefined> {
      const run = {
        near: '',
        limit: 0,
        connect: false,
        agentNode: runner.nodeName,
        address: client.subnet ?? client.address,
      }
      try {
        const outcome = runQuery(runner, nameOrId, run)
        return outcome instanceof Promise ? outcome.then(named) : outcome && named(outcome)
      } catch (error) {
        // DNS treats the id of a template as an unknown name.
        if (error instanceof MusterError && error.code === 'QUERY_IS_TEMPLATE') return undefined
        throw error
      }
    },
  }
}
