import type { AutopilotConfiguration, ServerHealth } from '../../types.js'

/** How far the leader is. */
export interface LeaderPosition {
  readonly term: number
  readonly index: number
}

/**
 * Whether a server is healthy, as autopilot has it: alive, in touch with the leader, in its term, and not far behind.
 */
export function isHealthy(
  { status, lastContact, lastTerm, lastIndex }: Pick<ServerHealth, 'status' | 'lastContact' | 'lastTerm' | 'lastIndex'>,
  { term, index }: LeaderPosition,
  configuration: AutopilotConfiguration,
): boolean {
  return (
    status === 'alive'
    && lastContact !== undefined
    && lastContact <= configuration.lastContactThreshold
    && lastTerm === term
    && index - lastIndex <= configuration.maxTrailingLogs
  )
}

/** Voters a majority needs. */
export const quorum = (voters: number): number => Math.floor(voters / 2) + 1

/** How many more voters may fail before there is no majority. */
export function failureTolerance(servers: readonly Pick<ServerHealth, 'voter' | 'healthy'>[]): number {
  const voters = servers.filter(({ voter }) => voter)
  return Math.max(0, voters.filter(({ healthy }) => healthy).length - quorum(voters.length))
}

/** A server as far as its removal is concerned. `answers`: its etcd counts towards a majority at the moment. */
export interface Removable {
  readonly id: string
  readonly voter: boolean
  readonly dead: boolean
  readonly answers: boolean
}

/**
 * Dead servers that may be taken out of Raft now, in this order. Learners always; of the voters fewer than half, never
 * below `minQuorum`, and only while those that answer are a majority of the voters before and after each removal.
 */
export function removableServers(servers: readonly Removable[], minQuorum: number): readonly string[] {
  const learners = servers.filter(({ voter, dead }) => dead && !voter).map(({ id }) => id)
  const voters = servers.filter(({ voter }) => voter)
  const answering = voters.filter(({ answers }) => answers).length
  const removable: string[] = []
  const maxRemovable = Math.floor((voters.length - 1) / 2)
  for (const { id, dead } of voters) {
    const left = voters.length - removable.length
    if (!dead || removable.length >= maxRemovable || left - 1 < minQuorum || answering < quorum(left)) continue
    removable.push(id)
  }
  return [...learners, ...removable]
}
