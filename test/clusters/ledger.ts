import type { Test } from 'tap'
import type { Cluster } from '../support/cluster.js'
import type { ClusterAgent } from '../support/cluster-agent.js'
import { until } from '../support/until.js'

/** Counts up a key that is written through some agent, and says whether all of them have it. */
export class Ledger {
  readonly #written = new Map<string, string>()

  async write(through: ClusterAgent, ms = 20_000): Promise<void> {
    const key = `ledger/${this.#written.size}`
    const value = `${through.name} ${performance.now()}`
    await until(`${through.name} can write`, async () => (await through.put(`/v1/kv/${key}`, value)) === 'true', ms)
    this.#written.set(key, value)
  }

  async verify(t: Test, agents: readonly ClusterAgent[]): Promise<void> {
    for (const agent of agents) {
      const missing = await until(`${agent.name} answers`, async () => {
        const lost: string[] = []
        for (const [key, value] of this.#written) {
          const response = await agent.api(`/v1/kv/${key}?raw&consistent`)
          if (response.status === 500) throw new Error(await response.text())
          if ((await response.text()) !== value) lost.push(key)
        }
        return { lost }
      })
      t.same(missing.lost, [], `${agent.name} has all ${this.#written.size} writes`)
    }
  }
}

/** Until all agents list all of them as alive. */
export const allAlive = (cluster: Cluster): Promise<void> =>
  cluster.membersAre(Object.fromEntries(cluster.agents.map(agent => [agent.name, 'alive' as const])))

/** The servers that do not lead. */
export const followers = (cluster: Cluster, leader: ClusterAgent): ClusterAgent[] =>
  cluster.servers.filter(server => server !== leader)
