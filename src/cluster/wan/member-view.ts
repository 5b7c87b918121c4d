import type { Member, MemberStatus, ServerInfo } from '../types.js'
import { wanName } from './known-servers.js'

/** A server as `members -wan` shows it, with the tags that Consul's clients look for. */
export const wanMember = (info: ServerInfo, status: MemberStatus): Member => ({
  name: wanName(info),
  id: info.id,
  address: info.wanAddress,
  port: info.ports.wan,
  status,
  tags: {
    role: 'consul',
    dc: info.datacenter,
    id: info.id,
    port: String(info.ports.raft),
    build: `${info.build}:`,
    acls: '0',
    segment: '',
    wan_join_port: String(info.ports.wan),
    ft_fs: '1',
    ft_si: '1',
    vsn: '2',
    vsn_min: '2',
    vsn_max: '3',
    raft_vsn: '3',
  },
})
