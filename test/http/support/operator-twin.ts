import type { AutopilotConfiguration, ClusterOperator, ServerHealth } from '../../../src/cluster/index.js'
import { milliseconds, seconds } from '../../../src/common/duration.js'
import { unknownPeer } from '../../../src/cluster/formation/unknown-peer.js'
import { revision } from '../../../src/store/index.js'

/** Node ids of its two servers. */
export const operatorIds = ['0d7b4d0a-6f0e-4f9b-9f0a-6d1f5a3c2b10', '1d7b4d0a-6f0e-4f9b-9f0a-6d1f5a3c2b10']

/** Two servers; the configuration is kept in memory. */
export class OperatorTwin implements ClusterOperator {
  readonly told: string[] = []
  healthy = true
  modified = 7
  configuration: AutopilotConfiguration = {
    cleanupDeadServers: true,
    lastContactThreshold: milliseconds(200),
    maxTrailingLogs: 250,
    minQuorum: 0,
    serverStabilizationTime: seconds(10),
    redundancyZoneTag: '',
    disableUpgradeMigration: false,
    upgradeVersionTag: '',
  }

  raft(): ReturnType<ClusterOperator['raft']> {
    return Promise.resolve({
      index: 7,
      servers: operatorIds.map((id, i) => ({
        id,
        node: `n${i + 1}`,
        address: `127.0.0.${i + 1}:8300`,
        leader: i === 0,
        voter: true,
      })),
    })
  }

  removePeer(by: { readonly id: string } | { readonly address: string }): Promise<void> {
    if (!('id' in by) || !operatorIds.includes(by.id)) {
      const what = 'id' in by ? `id "${by.id}"` : `address "${by.address}"`
      return Promise.reject(unknownPeer(what))
    }
    this.told.push(`remove ${by.id}`)
    return Promise.resolve()
  }

  transferLeader(id: string | undefined): Promise<void> {
    this.told.push(`lead ${id ?? 'anyone'}`)
    return Promise.resolve()
  }

  autopilot(): ReturnType<ClusterOperator['autopilot']> {
    return Promise.resolve({
      configuration: this.configuration,
      created: revision(3),
      modified: revision(this.modified),
    })
  }

  setAutopilot(configuration: AutopilotConfiguration, cas?: number): Promise<boolean> {
    if (cas !== undefined && cas !== this.modified) return Promise.resolve(false)
    this.configuration = configuration
    this.modified += 1
    return Promise.resolve(true)
  }

  health(): ReturnType<ClusterOperator['health']> {
    const server = (i: number): ServerHealth => ({
      id: operatorIds[i] ?? '',
      name: `n${i + 1}`,
      address: `127.0.0.${i + 1}:8300`,
      status: 'alive',
      version: '1.10.0',
      leader: i === 0,
      voter: true,
      lastContact: i === 0 ? 0 : this.healthy ? 12 : undefined,
      lastTerm: 2,
      lastIndex: 9,
      healthy: i === 0 || this.healthy,
      stableSince: 1_700_000_000_000,
    })
    return Promise.resolve({ healthy: this.healthy, failureTolerance: 0, servers: [server(0), server(1)] })
  }
}
