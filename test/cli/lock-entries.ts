import type { AgentProcess } from '../support/agent-process.js'

/** A key as the API gives it. */
export interface Entry {
  readonly Key: string
  readonly Session?: string
  readonly Flags: number
  readonly Value: string | null
}

/** Every key below `prefix`. */
export const entries = async (agent: AgentProcess, prefix: string): Promise<Entry[]> => {
  const answer = await agent.api(`/v1/kv/${prefix}?recurse`)
  return answer.status === 404 ? [] : ((await answer.json()) as Entry[])
}

/** Every session of the agent. */
export const sessions = async (
  agent: AgentProcess,
): Promise<{ ID: string; Name: string; TTL: string; Behavior: string }[]> =>
  (await (await agent.api('/v1/session/list')).json()) as { ID: string; Name: string; TTL: string; Behavior: string }[]

/** How long a program may take to start, in ms: they start slowly on a busy machine. */
export const timeoutMs = 30_000
