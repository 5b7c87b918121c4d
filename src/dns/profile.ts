import type { Settings } from '../config/index.js'
import type { Cutting } from './truncate.js'
import type { Zones } from './names.js'

/**
 * The settings that answers depend on, made ready for use: TTLs in whole seconds, service TTLs sorted. Rebuilt when
 * settings change.
 */
export interface Profile extends Zones, Cutting {
  readonly datacenter: string
  readonly nodeTtl: number
  /** TTL of a service's answers; the name is compared as it is given, in lower case. */
  readonly serviceTtl: (service: string) => number
  readonly onlyPassing: boolean
  readonly aRecordLimit: number
  readonly additionalNodeMeta: boolean
  readonly translateWanAddresses: boolean
  readonly soa: Settings['dns']['soa']
}

/** Prepares settings for answering. */
export function profileOf(settings: Settings): Profile {
  const { dns } = settings
  return {
    domain: settings.domain,
    altDomain: settings.altDomain,
    datacenter: settings.datacenter,
    nodeTtl: wholeSeconds(dns.nodeTtl),
    serviceTtl: serviceTtls(dns.serviceTtl),
    onlyPassing: dns.onlyPassing,
    aRecordLimit: Math.max(0, dns.aRecordLimit),
    additionalNodeMeta: dns.enableAdditionalNodeMetaTxt,
    translateWanAddresses: settings.translateWanAddrs,
    soa: dns.soa,
    udpAnswerLimit: dns.udpAnswerLimit,
    udpAnswerSize: dns.udpAnswerSize,
    enableTruncate: dns.enableTruncate,
    disableCompression: dns.disableCompression,
    recursionAvailable: settings.recursors.length > 0,
  }
}

/** Seconds as a record carries them; parts of a second are cut off. */
export const wholeSeconds = (milliseconds: number): number =>
  Math.min(0x7fffffff, Math.max(0, Math.floor(milliseconds / 1000)))

/** By exact name, else the longest `prefix*` that fits, else 0; `*` is the prefix of no letters. */
function serviceTtls(written: Settings['dns']['serviceTtl']): (service: string) => number {
  const exact = new Map<string, number>()
  const prefixes: { prefix: string; ttl: number }[] = []
  for (const [key, ttl] of Object.entries(written)) {
    if (key.endsWith('*')) prefixes.push({ prefix: key.slice(0, -1), ttl: wholeSeconds(ttl) })
    else exact.set(key, wholeSeconds(ttl))
  }
  prefixes.sort((a, b) => b.prefix.length - a.prefix.length)
  return service => exact.get(service) ?? prefixes.find(({ prefix }) => service.startsWith(prefix))?.ttl ?? 0
}
