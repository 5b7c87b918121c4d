import type { AgentInfo } from '../types.js'

/** Tag values that Consul's clients look for: an agent speaks these protocol numbers. */
const protocolTags = { vsn: '2', vsn_min: '2', vsn_max: '3' } as const

/** Tags of a server. `expect`: how many servers found the cluster together, 0: not said. */
export const serverTags = (
  { id, datacenter, ports, build }: AgentInfo,
  expect: number,
): Readonly<Record<string, string>> => ({
  role: 'consul',
  dc: datacenter,
  id,
  port: String(ports.raft),
  build: `${build}:`,
  ...(expect === 1 && { bootstrap: '1' }),
  ...(expect > 0 && { expect: String(expect) }),
  acls: '0',
  segment: '',
  wan_join_port: String(ports.wan),
  ft_fs: '1',
  ft_si: '1',
  raft_vsn: '3',
  ...protocolTags,
})

/** Tags of a client agent. */
export const clientTags = ({ id, datacenter, build }: AgentInfo): Readonly<Record<string, string>> => ({
  role: 'node',
  dc: datacenter,
  id,
  build: `${build}:`,
  acls: '0',
  segment: '',
  ...protocolTags,
})
