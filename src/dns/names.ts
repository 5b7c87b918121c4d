import { recordType } from './protocol.js'

/** Which domains the zone answers for, lower-case and without a dot at the end; `altDomain` '' is none. */
export interface Zones {
  readonly domain: string
  readonly altDomain: string
}

/**
 * What a question's name asks for. Subjects are lower-case. `datacenter` '' is the local one; it is lower-case, and so
 * compared without regard to case. `zone` is the domain the name was asked in, for SOA and NS.
 */
export type NamedQuestion =
  | {
      readonly kind: 'service'
      readonly zone: string
      readonly service: string
      readonly tag: string
      readonly datacenter: string
    }
  | { readonly kind: 'node'; readonly zone: string; readonly node: string; readonly datacenter: string }
  | { readonly kind: 'query'; readonly zone: string; readonly query: string; readonly datacenter: string }
  | { readonly kind: 'address'; readonly zone: string; readonly digits: string; readonly datacenter: string }
  | { readonly kind: 'apex' | 'transfer' | 'unknown'; readonly zone: string }
  | { readonly kind: 'reverse'; readonly address: Uint8Array | undefined }
  | { readonly kind: 'outside' }

/**
 * Reads a name as Consul 1.10 does: the zone is cut off, then labels are scanned from the right for the word that says
 * what the name is about; what stands right of that word may be one datacenter, what stands left of it is the subject.
 * `labels` are as they came, `type` is the question's type: SOA and NS are asked of the zone whatever stands before it,
 * and in SRV questions the word `service` may be left out (RFC 2782).
 */
export function readName(labels: readonly string[], type: number, zones: Zones): NamedQuestion {
  const lower = labels.map(label => label.toLowerCase())
  if (lower.at(-1) === 'arpa') return { kind: 'reverse', address: reverseAddress(lower) }
  const zone = zoneOf(lower, zones)
  if (zone === undefined) return { kind: 'outside' }
  if (type === recordType.SOA || type === recordType.NS) return { kind: 'apex', zone }
  if (type === recordType.AXFR) return { kind: 'transfer', zone }
  return readSubject(lower.slice(0, lower.length - zone.split('.').length), type, zone)
}

function zoneOf(lower: readonly string[], zones: Zones): string | undefined {
  const inside = [zones.domain, zones.altDomain].filter(zone => {
    const parts = zone.split('.')
    return (
      zone !== ''
      && lower.length >= parts.length
      && parts.every((part, at) => lower[lower.length - parts.length + at] === part)
    )
  })
  // One domain may be part of the other, so try the longer one first.
  return inside.sort((a, b) => b.length - a.length)[0]
}

const kinds = new Set(['service', 'connect', 'ingress', 'node', 'query', 'addr'])

function readSubject(labels: readonly string[], type: number, zone: string): NamedQuestion {
  const unknown: NamedQuestion = { kind: 'unknown', zone }
  const at = labels.findLastIndex(label => kinds.has(label) || (type === recordType.SRV && label.startsWith('_')))
  if (at < 0) return unknown
  const named = kinds.has(labels[at] ?? '')
  const subject = labels.slice(0, named ? at : at + 1)
  const after = labels.slice(at + 1)
  if (subject.length === 0 || after.length > 1) return unknown
  const datacenter = after[0] ?? ''
  switch (named ? labels[at] : 'service') {
    case 'service':
      return { kind: 'service', zone, ...serviceAndTag(subject), datacenter }
    case 'node':
      return { kind: 'node', zone, node: subject.join('.'), datacenter }
    case 'query':
      return { kind: 'query', zone, query: subject.join('.'), datacenter }
    case 'addr':
      return subject.length === 1 ? { kind: 'address', zone, digits: subject[0] ?? '', datacenter } : unknown
    // Names of the service mesh are valid but have no records.
    default:
      return unknown
  }
}

/** `_web._tcp` (any instance), `_web._v1` (with that tag), or `[tag.]web`, where a tag may hold dots. */
function serviceAndTag(subject: readonly string[]): { service: string; tag: string } {
  const [first = '', second = ''] = subject
  if (subject.length === 2 && first.startsWith('_') && second.startsWith('_')) {
    return { service: first.slice(1), tag: second === '_tcp' ? '' : second.slice(1) }
  }
  return { service: subject.at(-1) ?? '', tag: subject.slice(0, -1).join('.') }
}

/** The address that a name under `in-addr.arpa` or `ip6.arpa` stands for, if it is a whole one. */
function reverseAddress(lower: readonly string[]): Uint8Array | undefined {
  const digits = lower.slice(0, -2).reverse()
  if (
    lower.at(-2) === 'in-addr'
    && digits.length === 4
    && digits.every(part => /^\d{1,3}$/.test(part) && Number(part) < 256)
  ) {
    return Uint8Array.from(digits, Number)
  }
  if (lower.at(-2) === 'ip6' && digits.length === 32 && digits.every(part => /^[0-9a-f]$/.test(part))) {
    return Uint8Array.from(Buffer.from(digits.join(''), 'hex'))
  }
  return undefined
}

/**
 * Whether a text can be a name in an answer: labels of 1 to 63 letters, digits, hyphens and underscores, 253 characters
 * in all. Catalogs hold node names and addresses that cannot; those have to be said in another way or left out.
 */
export const isDomainName = (text: string): boolean =>
  text.length <= 253 && /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/i.test(text)
