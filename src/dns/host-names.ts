import { shuffled } from '../common/shuffled.js'
import type { Ask } from './answer-sets.js'
import type { Gathering } from './gathering.js'
import type { Place } from './instance-addresses.js'
import { isDomainName } from './names.js'
import { recordType } from './protocol.js'
import type { DnsRecord } from './records.js'

/**
 * What a name leads to that is asked for something else than addresses: a host name of which it is an alias, an address
 * (then it is none), or nothing that DNS can say. `placeFor` gives the place for a question of a type.
 */
export function leadsTo(
  ask: Ask,
  placeFor: (type: number) => Place | undefined,
): 'address' | 'nowhere' | { readonly host: string } {
  const places = [recordType.A, recordType.AAAA, recordType.ANY].flatMap(type => placeFor(type) ?? [])
  const [first] = places
  if (first === undefined) return 'nowhere'
  if ('ip' in first || places.some(place => 'ip' in place)) return 'address'
  return isDomainName(first.host) && first.host.toLowerCase() !== ask.name.toLowerCase() ? first : 'nowhere'
}

/** Records of a followed name that a client without EDNS gets. */
const maxPlainRecords = 5

/**
 * What a host name used as an address leads to: CNAME, A and AAAA records. A name of the zone is answered from the
 * catalog, at most three of them in a row, with the TTL of what used it; another one by recursors, if there are any,
 * with the smaller TTL of the two, as the one that came with it says how long it is known to be right.
 */
export function followHost(gathering: Gathering, ask: Ask, host: string, ttl: number): DnsRecord[] {
  const wanted = ask.type === recordType.A || ask.type === recordType.AAAA ? ask.type : recordType.ANY
  const records = recordsOf(gathering, ask, host, wanted, ttl).filter(
    record => record.type === 'CNAME' || record.type === 'A' || record.type === 'AAAA',
  )
  return records.slice(0, ask.edns ? records.length : maxPlainRecords)
}

function recordsOf(gathering: Gathering, ask: Ask, host: string, type: number, ttl: number): readonly DnsRecord[] {
  const set = ask.depth > 0 ? gathering.inside(gathering, host, type, ask.depth - 1) : undefined
  if (set !== undefined) {
    // The records behind the name are shuffled here once, so the answer must not be cached for long.
    if (set.units.length > 1) gathering.keepFor(1000)
    const units = set.shuffled ? shuffled(set.units, gathering.random) : set.units
    return units
      .slice(0, set.oneOf ? 1 : units.length)
      .flatMap(unit => unit.answers)
      .map(record => ({ ...record, ttl }))
  }
  if (isInside(gathering, host)) return []
  const types =
    type === recordType.A ? (['A'] as const) : type === recordType.AAAA ? (['AAAA'] as const) : (['A', 'AAAA'] as const)
  const found = types.map(family => gathering.external({ name: host, type: family }))
  return withoutRepeats(found.flat()).map(record => ({ ...record, ttl: Math.min(ttl, record.ttl) }))
}

/** Both families are reached over the same aliases. */
function withoutRepeats(records: readonly DnsRecord[]): DnsRecord[] {
  const aliases = new Set<string>()
  return records.filter(record => {
    if (record.type !== 'CNAME') return true
    const key = record.name.toLowerCase()
    if (aliases.has(key)) return false
    aliases.add(key)
    return true
  })
}

function isInside(gathering: Gathering, host: string): boolean {
  const lower = host.toLowerCase()
  return [gathering.profile.domain, gathering.profile.altDomain].some(zone => zone !== '' && lower.endsWith(`.${zone}`))
}
