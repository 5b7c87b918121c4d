import type { AgentInfo, ServerInfo } from '../cluster/index.js'
import type { RpcServer } from '../rpc/index.js'
import { version } from '../common/version.js'
import type { Settings } from '../config/index.js'

/** This agent as others reach it. Its cluster ports are known once they are bound. */
export function selfInfo(
  { nodeName, datacenter, advertiseAddr, advertiseAddrWan, ports, server }: Settings,
  nodeId: string,
  calls: RpcServer,
): AgentInfo {
  return {
    id: nodeId,
    name: nodeName,
    datacenter,
    address: advertiseAddr,
    wanAddress: advertiseAddrWan,
    server,
    build: version,
    ports: { raft: server ? ports.server : 0, lan: calls.ports.lan, wan: server ? calls.ports.wan : 0 },
  }
}

/** {@link selfInfo} of a server. */
export const selfServer = (settings: Settings, nodeId: string, calls: RpcServer): ServerInfo => ({
  ...selfInfo(settings, nodeId, calls),
  server: true,
})
