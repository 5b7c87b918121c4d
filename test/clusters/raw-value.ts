import type { ClusterAgent } from '../support/cluster-agent.js'

/** The value of a key as the leader has it. */
export const rawValue = async (agent: ClusterAgent, key: string): Promise<string> =>
  (await agent.api(`/v1/kv/${key}?raw&consistent`)).text()
