import { hostPort } from '../common/host-port.js'
import type { AgentInfo } from './types.js'

/** Where an agent answers calls of its datacenter. */
export const lanAddress = ({ address, ports }: AgentInfo): string => hostPort(address, ports.lan)

/** Where a server's etcd talks to the other servers' ones. */
export const raftAddress = ({ address, ports }: AgentInfo): string => hostPort(address, ports.raft)

/** `ip:port` of a peer URL, '' for an invalid one. */
export function peerAddress(url: string): string {
  try {
    const { hostname, port, protocol } = new URL(url)
    return `${hostname}:${port === '' ? (protocol === 'https:' ? '443' : '80') : port}`
  } catch {
    return ''
  }
}
