import type { CatalogReads } from '../../catalog/index.js'
import type { Deps } from '../deps.js'
import { freshRead } from '../reads/fresh-read.js'
import type { Route } from '../route.js'

/** `/v1/operator/usage`: how much is registered in this datacenter, in the form that Consul has had since 1.14. */
export const operatorUsageRoutes = (deps: Deps): readonly Route[] => [
  {
    path: '/v1/operator/usage',
    reach: 'handed-on',
    GET: request =>
      freshRead(
        deps,
        request,
        () => `"Usage":${JSON.stringify({ [deps.settings().datacenter]: usage(deps.catalog) })}`,
      ),
  },
]

/**
 * Without a service mesh every instance counts as an ordinary service. Those of the servers are not billable, as in
 * Consul.
 */
function usage(catalog: CatalogReads) {
  const instances = [...catalog.services.names()].map(({ name }) => ({
    name,
    count: catalog.health.instances(name).length,
  }))
  const sum = (counted: readonly { readonly count: number }[]): number =>
    counted.reduce((total, { count }) => total + count, 0)
  return {
    Nodes: [...catalog.nodes.all()].length,
    Services: instances.length,
    ServiceInstances: sum(instances),
    ConnectServiceInstances: {
      'connect-native': 0,
      'connect-proxy': 0,
      'ingress-gateway': 0,
      'mesh-gateway': 0,
      'terminating-gateway': 0,
    },
    BillableServiceInstances: sum(instances.filter(({ name }) => name !== 'consul')),
  }
}
