import { shuffled } from '../common/shuffled.js'
import type { Ask } from './answer-sets.js'
import type { Gathering } from './gathering.js'
import { recordType } from './protocol.js'
import type { DnsRecord } from './records.js'

/** Records of a followed name that a client without EDNS gets. */
const mostPlainRecords = 5

/**
 * What a host name used as an address leads to: CNAME, A and AAAA records with the TTL of what used it. A name of the zone is answered
 * from the catalog, at most three of them in a row; another one by recursors, if there are any.
 */
export function followHost(gathering: Gathering, ask: Ask, host: string, ttl: number): DnsRecord[] {
  const wanted = ask.type === recordType.A || ask.type === recordType.AAAA ? ask.type : recordType.ANY
  const records = recordsOf(gathering, ask, host, wanted)
    .filter(record => record.type === 'CNAME' || record.type === 'A' || record.type === 'AAAA')
  return records.slice(0, ask.edns ? records.length : mostPlainRecords).map(record => ({ ...record, ttl }))
}

function recordsOf(gathering: Gathering, ask: Ask, host: string, type: number): readonly DnsRecord[] {
  const set = ask.depth > 0 ? gathering.inside(gathering, host, type, ask.depth - 1) : undefined
  if (set !== undefined) {
    // The order of what lies behind a name is decided here once, so it must not be kept for long.
    if (set.units.length > 1) gathering.keepFor(1000)
    const units = set.shuffled ? shuffled(set.units, gathering.random) : set.units
    return units.slice(0, set.oneOf ? 1 : units.length).flatMap(unit => unit.answers)
  }
  if (isInside(gathering, host)) return []
  return gathering.external({ name: host, type: type === recordType.AAAA ? 'AAAA' : 'A' })
}

function isInside(gathering: Gathering, host: string): boolean {
  const lower = host.toLowerCase()
  return [gathering.profile.domain, gathering.profile.altDomain].some(zone => zone !== '' && lower.endsWith(`.${zone}`))
}
