import { upstreams, type Membership } from '../cluster/index.js'
import { hostPort } from '../common/host-port.js'
import type { RpcClient } from '../rpc/index.js'

/** The way to the agent of a node, if it is a member that can answer: one that is leaving still does. */
export function ownerOf(membership: Membership, client: RpcClient, node: string) {
  const member = membership
    .members()
    .find(
      ({ name, status }) => (status === 'alive' || status === 'leaving') && name.toLowerCase() === node.toLowerCase(),
    )
  return member === undefined
    ? undefined
    : upstreams(client, { addresses: () => [hostPort(member.address, member.port)] })
}
