import { Cluster } from '../../test/support/cluster.js'
import type { ClusterAgent } from '../../test/support/cluster-agent.js'
import { timeUntil } from './until.js'

/** Runs a durable server of its own, with these files in its conf directory, and ends it afterwards. */
export async function withLoneAgent(
  conf: Readonly<Record<string, unknown>>,
  work: (agent: ClusterAgent) => Promise<void>,
): Promise<void> {
  const cluster = new Cluster()
  try {
    const agent = await (
      await cluster.add({ name: 'bench', role: 'server', expect: 1, conf, flags: ['-log-level=warn'] })
    ).start()
    await timeUntil(async () => (await agent.api('/v1/agent/ready')).status === 200)
    await work(agent)
  } finally {
    await cluster.close()
  }
}
