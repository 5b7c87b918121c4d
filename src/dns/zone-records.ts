import { shuffled } from '../common/shuffled.js'
import { addressRecord, formatAddress } from './addresses.js'
import { answerSet, fixedAnswers, soaRecord, type Ask } from './answer-sets.js'
import type { Gathering } from './gathering.js'
import { isHealthy } from './health.js'
import { nodePlace } from './instance-addresses.js'
import { isDomainName } from './names.js'
import { recordType } from './protocol.js'
import { unitsOf, type AnswerSet, type DnsRecord } from './records.js'

/** The service whose instances are the servers. */
const serversService = 'consul'
/** Name servers that an answer names. */
const maxNameServers = 3

/** The answer for SOA and NS, the same whatever stands before the zone's name. */
export function answerApex(gathering: Gathering, ask: Ask): AnswerSet {
  const { servers, glue } = nameServers(gathering, ask)
  // The choice of three servers is random, so the answer must not be cached for long.
  gathering.keepFor(1000)
  if (ask.type === recordType.SOA) {
    const soa = soaRecord(gathering, ask)
    return fixedAnswers(gathering, [soa], { authority: servers, additional: glue })
  }
  const authority = servers.length === 0 ? [soaRecord(gathering, ask)] : []
  return answerSet(gathering, { units: unitsOf(servers), additional: glue, authority })
}

function nameServers(gathering: Gathering, ask: Ask): { servers: DnsRecord[]; glue: DnsRecord[] } {
  const { domain, datacenter, nodeTtl, onlyPassing } = gathering.profile
  const servers: DnsRecord[] = []
  const glue: DnsRecord[] = []
  const healthy = (gathering.instances('', serversService) ?? []).filter(instance => isHealthy(instance, onlyPassing))
  for (const { node } of shuffled(healthy, gathering.random)) {
    const name = `${node.node}.node.${datacenter}.${domain}`
    if (!isDomainName(name)) continue
    servers.push({ type: 'NS', name: ask.zone, ttl: nodeTtl, target: name })
    const place = nodePlace(node, recordType.ANY, false)
    if (place !== undefined && 'ip' in place) glue.push(addressRecord(name, nodeTtl, place.ip))
    if (servers.length === maxNameServers) break
  }
  return { servers, glue }
}

/**
 * The name of a node or service with that address; undefined when there is none. The type asked for does not matter.
 */
export function answerReverse(gathering: Gathering, ask: Ask, address: Uint8Array | undefined): AnswerSet | undefined {
  if (address === undefined) return undefined
  const { datacenter, domain } = gathering.profile
  const found = gathering.nameOf(formatAddress(address))
  if (found === undefined) return undefined
  const target =
    'node' in found ? `${found.node}.node.${datacenter}.${domain}` : `${found.service}.service.${datacenter}.${domain}`
  return isDomainName(target) ? fixedAnswers(gathering, [{ type: 'PTR', name: ask.name, ttl: 0, target }]) : undefined
}
