import type { MemberRecord } from '../../catalog/index.js'
import { compareText } from '../../common/text-order.js'
import type { AgentInfo, Member, MemberStatus } from '../types.js'

/** A member as others see it, by its cluster port. */
export const lanMember = (info: AgentInfo, tags: Readonly<Record<string, string>>, status: MemberStatus): Member => ({
  name: info.name,
  id: info.id,
  address: info.address,
  port: info.ports.lan,
  status,
  tags,
})

/** A server as it is listed among those of all datacenters. */
export const wanMember = (info: AgentInfo, tags: Readonly<Record<string, string>>, status: MemberStatus): Member => ({
  name: `${info.name}.${info.datacenter}`,
  id: info.id,
  address: info.wanAddress,
  port: info.ports.wan,
  status,
  tags,
})

/** By name. */
export const byName = (a: Member, b: Member): number => compareText(a.name, b.name) || compareText(a.id, b.id)

/** The valid record among several of one name: the one of a present member, else the newest. */
export const foremost = (records: readonly MemberRecord[]): MemberRecord | undefined =>
  [...records].sort((a, b) => Number(a.state === 'left') - Number(b.state === 'left') || b.modified - a.modified)[0]
