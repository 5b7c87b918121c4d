import type { Instance } from '../catalog/index.js'
import { addressRecord, addressToHex, isLoopback } from './addresses.js'
import { answerSet, noData, noSuchName, type Ask } from './answer-sets.js'
import type { Gathering, ResolvedQuery } from './gathering.js'
import { hasTag, isHealthy, weightOf } from './health.js'
import { followHost, leadsTo } from './host-names.js'
import { nodePlace, servicePlace, servicePort, type Place } from './instance-addresses.js'
import type { NamedQuestion } from './names.js'
import { isDomainName } from './names.js'
import { metadataRecords } from './node-records.js'
import { wholeSeconds } from './profile.js'
import { recordType } from './protocol.js'
import type { AnswerSet, DnsRecord, Unit } from './records.js'

/** What every instance of one answer shares. */
interface Shared {
  readonly gathering: Gathering
  readonly ask: Ask
  readonly ttl: number
  readonly datacenter: string
  readonly wan: boolean
}

/** The answer for `<service>.service` and its longer forms. */
export function answerService(gathering: Gathering, ask: Ask, named: NamedQuestion & { kind: 'service' }): AnswerSet {
  const { onlyPassing } = gathering.profile
  const healthy = gathering
    .instances(named.datacenter, named.service)
    ?.filter(instance => hasTag(instance, named.tag) && isHealthy(instance, onlyPassing))
  return answerInstances(
    gathering,
    ask,
    healthy ?? [],
    gathering.profile.serviceTtl(named.service),
    named.datacenter,
    true,
  )
}

/** The answer for a prepared query, whose outcome may lie in another datacenter. */
export function answerQuery(gathering: Gathering, ask: Ask, outcome: ResolvedQuery | undefined): AnswerSet {
  const service = outcome?.instances[0]?.service.name.toLowerCase() ?? ''
  const ttl = outcome?.ttl === undefined ? gathering.profile.serviceTtl(service) : wholeSeconds(outcome.ttl)
  return answerInstances(
    gathering,
    ask,
    outcome?.instances ?? [],
    ttl,
    (outcome?.datacenter ?? '').toLowerCase(),
    outcome?.ordered !== true,
  )
}

function answerInstances(
  gathering: Gathering,
  ask: Ask,
  instances: readonly Instance[],
  ttl: number,
  datacenter: string,
  shuffle: boolean,
): AnswerSet {
  if (instances.length === 0) return noSuchName(gathering, ask)
  const local = gathering.isLocal(datacenter)
  const shared: Shared = {
    gathering,
    ask,
    ttl,
    datacenter: local ? gathering.profile.datacenter : datacenter,
    wan: !local && gathering.profile.translateWanAddresses,
  }
  const parts = { shuffled: shuffle }
  if (ask.type === recordType.SRV) {
    const units = instances.flatMap(instance => srvUnit(shared, instance) ?? [])
    return units.length === 0 ? noData(gathering, ask) : answerSet(gathering, { ...parts, units })
  }
  if (!answersAddress(ask.type)) return aliasAnswers(shared, instances, shuffle)
  const units = instances.flatMap(instance => addressUnit(shared, instance) ?? [])
  if (units.length === 0) return noData(gathering, ask)
  const addresses = units.filter(unit => unit.answers[0]?.type !== 'CNAME')
  // A name can have one CNAME and nothing beside it, so host names count only where there is no address, and then just
  // one of them.
  return addresses.length > 0
    ? answerSet(gathering, { ...parts, units: addresses, limit: gathering.profile.aRecordLimit })
    : answerSet(gathering, { ...parts, units, oneOf: true })
}

/** TXT too: Consul 1.10 gives a service's addresses to whoever asks for its texts. */
const answersAddress = (type: number): boolean =>
  type === recordType.A || type === recordType.AAAA || type === recordType.ANY || type === recordType.TXT

/**
 * For a type that instances have nothing of: the CNAME record of a service whose instances all are host names (RFC
 * 1034, 3.6.2).
 */
function aliasAnswers(shared: Shared, instances: readonly Instance[], shuffle: boolean): AnswerSet {
  const { gathering, ask, ttl } = shared
  const places = instances.map(instance => leadsTo(ask, type => placeOf(shared, instance, type)))
  const hosts = places.includes('address')
    ? []
    : places.flatMap(place => (typeof place === 'string' ? [] : [place.host]))
  if (hosts.length === 0) return noData(gathering, ask)
  const units = hosts.map((host): Unit => ({
    key: host.toLowerCase(),
    answers: [{ type: 'CNAME', name: ask.name, ttl, target: host }],
    additional: [],
  }))
  return answerSet(gathering, { shuffled: shuffle, units, oneOf: true })
}

/** Where an instance is, for a question of a type. */
function placeOf({ ask, wan }: Shared, instance: Instance, type: number): Place | undefined {
  const own = servicePlace(instance, type, wan)
  const node = nodePlace(instance.node, type, wan)
  // A service whose address is its own DNS name would cause a loop, so use the node's address.
  return own === undefined ? (instance.service.address === '' ? node : undefined) : isItself(own, ask) ? node : own
}

function addressUnit(shared: Shared, instance: Instance): Unit | undefined {
  const { gathering, ask, ttl } = shared
  const place = placeOf(shared, instance, ask.type)
  if (place === undefined) return undefined
  if ('ip' in place)
    return { key: addressToHex(place.ip), answers: [addressRecord(ask.name, ttl, place.ip)], additional: [] }
  if (!isDomainName(place.host) || isItself(place, ask)) return undefined
  const cname: DnsRecord = { type: 'CNAME', name: ask.name, ttl, target: place.host }
  return {
    key: place.host.toLowerCase(),
    answers: [cname, ...followHost(gathering, ask, place.host, ttl)],
    additional: [],
  }
}

const isItself = (place: { ip: Uint8Array } | { host: string }, ask: Ask): boolean =>
  'host' in place && place.host.toLowerCase() === ask.name.toLowerCase()

function srvUnit(shared: Shared, instance: Instance): Unit | undefined {
  const { gathering, ask, ttl, wan } = shared
  const target = srvTarget(shared, instance)
  if (target === undefined) return undefined
  const port = servicePort(instance, wan)
  const answer: DnsRecord = { type: 'SRV', name: ask.name, ttl, weight: weightOf(instance), port, target: target.name }
  const owner = nodeName(shared, instance)
  const texts =
    gathering.profile.additionalNodeMeta && isDomainName(owner)
      ? metadataRecords(gathering, instance.node, owner, ttl)
      : []
  return {
    key: `${instance.node.node} ${instance.service.address} ${port}`,
    answers: [answer],
    additional: [...target.records, ...texts],
  }
}

interface Target {
  readonly name: string
  readonly records: readonly DnsRecord[]
}

function srvTarget(shared: Shared, instance: Instance): Target | undefined {
  const { gathering, ask, ttl, wan } = shared
  const own = servicePlace(instance, recordType.ANY, wan)
  const node = nodePlace(instance.node, recordType.ANY, wan)
  if (own === undefined || isItself(own, ask))
    return node === undefined ? undefined : nodeTarget(shared, instance, node)
  // For clients on other machines a loopback address is useless, so give them the node's.
  if ('ip' in own && isLoopback(own.ip) && node !== undefined && 'ip' in node && !isLoopback(node.ip))
    return nodeTarget(shared, instance, node)
  if ('ip' in own) return addressTarget(shared, own.ip)
  return isDomainName(own.host) ? { name: own.host, records: followHost(gathering, ask, own.host, ttl) } : undefined
}

function nodeTarget(
  shared: Shared,
  instance: Instance,
  node: { ip: Uint8Array; text: string } | { host: string },
): Target | undefined {
  const { gathering, ask, ttl } = shared
  if ('host' in node) {
    return isDomainName(node.host)
      ? { name: node.host, records: followHost(gathering, ask, node.host, ttl) }
      : undefined
  }
  const name = nodeName(shared, instance)
  // The node's name can stand for the node's own address only, and only if it is a valid DNS name.
  if (!isDomainName(name) || node.text !== instance.node.address) return addressTarget(shared, node.ip)
  return {
    name,
    records: [gathering.once(`${name} ${addressToHex(node.ip)}`, () => addressRecord(name, ttl, node.ip))],
  }
}

function addressTarget({ gathering, ttl, datacenter }: Shared, ip: Uint8Array): Target {
  const name = `${addressToHex(ip)}.addr.${datacenter}.${gathering.profile.domain}`
  return { name, records: [gathering.once(name, () => addressRecord(name, ttl, ip))] }
}

const nodeName = ({ gathering, datacenter }: Shared, { node }: Instance): string =>
  `${node.node}.node.${datacenter}.${gathering.profile.domain}`
