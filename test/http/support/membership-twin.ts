import type { ClusterOperator, Member, Membership, ServerInfo } from '../../../src/cluster/index.js'
import { MusterError } from '../../../src/common/errors.js'

/** One server, n1, that leads. */
export class MembershipTwin implements Membership {
  readonly told: string[] = []
  leads = true
  operator: ClusterOperator | undefined

  members(): readonly Member[] {
    return [
      {
        name: 'n1',
        id: '0d7b4d0a-6f0e-4f9b-9f0a-6d1f5a3c2b10',
        address: '127.0.0.1',
        port: 8301,
        status: 'alive',
        tags: { role: 'consul', dc: 'dc1' },
      },
    ]
  }

  wanMembers(): readonly Member[] {
    return this.members().map(member => ({ ...member, name: 'n1.dc1', port: 8302 }))
  }
  leader(): string {
    return this.leads ? '127.0.0.1:8300' : ''
  }
  peers(): readonly string[] {
    return ['127.0.0.1:8300']
  }
  datacenters(): readonly string[] {
    return ['dc1']
  }

  join(addresses: readonly string[], wan: boolean): Promise<number> {
    if (addresses.includes('nowhere'))
      return Promise.reject(new MusterError('CLUSTER_JOIN_FAILED', '1 error occurred: * Failed to join nowhere'))
    this.told.push(`join ${addresses.join()}${wan ? ' wan' : ''}`)
    return Promise.resolve(addresses.length)
  }

  forceLeave(name: string, prune: boolean): Promise<void> {
    if (name === 'nobody')
      return Promise.reject(new MusterError('CLUSTER_UNKNOWN_MEMBER', `agent: No node found with name '${name}'`))
    this.told.push(`force-leave ${name}${prune ? ' pruned' : ''}`)
    return Promise.resolve()
  }

  servers(): readonly ServerInfo[] {
    return [
      {
        id: '0d7b4d0a-6f0e-4f9b-9f0a-6d1f5a3c2b10',
        name: 'n1',
        datacenter: 'dc1',
        address: '127.0.0.1',
        wanAddress: '127.0.0.1',
        ports: { raft: 8300, lan: 8301, wan: 8302 },
        build: '1.10.0:',
        server: true,
      },
    ]
  }

  stats(): ReturnType<Membership['stats']> {
    return Promise.resolve({
      raft: { state: 'Leader', num_peers: '0' },
      serf_lan: { members: '1', failed: '0', left: '0' },
    })
  }

  start(): Promise<void> {
    return Promise.resolve()
  }
  leave(): Promise<void> {
    return Promise.resolve()
  }
  close(): Promise<void> {
    return Promise.resolve()
  }
}
