import { text, type Answer } from '../answer/answer.js'
import type { HeaderList } from '../header-list.js'
import type { Deps } from '../deps.js'
import { layoutJson } from '../answer/json-layout.js'
import { readOptions } from './read-options.js'
import type { ApiRequest } from '../route.js'

/**
 * Answers a read whose result differs each time, so it is neither cached nor blocking: passes the barrier for the
 * request's consistency, then builds the answer. `build` gives the members of a JSON object, to which those about the
 * read itself are added.
 * @throws MusterError 400 for bad parameters, and what building the answer throws.
 */
export async function freshRead(
  { catalog, settings, membership, lastContact }: Deps,
  request: ApiRequest,
  build: () => string | Promise<string>,
): Promise<Answer> {
  const { consistency, cached } = readOptions(request.query, request.header('cache-control'), settings(), {
    path: request.path,
    age: lastContact(),
  })
  if (consistency !== 'stale') await catalog.barrier()
  const members = await build()
  const about = {
    Index: catalog.revision,
    LastContact: lastContact(),
    KnownLeader: membership.leader() !== '',
    ConsistencyLevel: consistency,
    NotModified: false,
    Backend: 0,
  }
  const headers: HeaderList = [
    'X-Consul-Index',
    String(about.Index),
    'X-Consul-Knownleader',
    String(about.KnownLeader),
    'X-Consul-Lastcontact',
    String(about.LastContact),
    'X-Consul-Effective-Consistency',
    consistency,
    'X-Consul-Query-Backend',
    'blocking-query',
    // The catalog in memory is the cache, and is always current, so `Age` is 0.
    ...(cached ? ['X-Cache', 'HIT', 'Age', '0'] : []),
  ]
  const json = `{${members},${JSON.stringify(about).slice(1)}`
  return text(request.pretty ? layoutJson(json) : json, 200, headers, 'application/json')
}
