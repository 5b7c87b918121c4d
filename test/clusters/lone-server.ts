import type { Test } from 'tap'
import { newCluster, type Cluster } from '../support/cluster.js'
import type { ClusterAgent } from '../support/cluster-agent.js'

/** A server on its own, which others join. */
export async function lone(t: Test): Promise<{ readonly cluster: Cluster; readonly server: ClusterAgent }> {
  const cluster = newCluster(t)
  const server = await (await cluster.add({ name: 's1', role: 'server', expect: 1 })).start()
  await cluster.leader()
  return { cluster, server }
}
