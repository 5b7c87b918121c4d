import type { Node } from '../catalog/index.js'
import { addressFromHex, addressRecord } from './addresses.js'
import { fixedAnswers, noData, noSuchName, type Ask } from './answer-sets.js'
import type { Gathering } from './gathering.js'
import { followHost, leadsTo } from './host-names.js'
import { nodePlace } from './instance-addresses.js'
import { isDomainName, type NamedQuestion } from './names.js'
import { recordType } from './protocol.js'
import type { AnswerSet, DnsRecord } from './records.js'

/**
 * The answer for `<node>.node`: its address whatever its health, and its metadata as texts. A node whose address is a
 * host name is an alias, and so has its CNAME record for every other type (RFC 1034, 3.6.2).
 */
export function answerNode(gathering: Gathering, ask: Ask, named: NamedQuestion & { kind: 'node' }): AnswerSet {
  const { A, AAAA, ANY, TXT } = recordType
  const usual = [A, AAAA, ANY, TXT].some(type => type === ask.type)
  const node = gathering.node(named.datacenter, named.node)
  // For other types Consul does not check whether the node exists.
  if (node === undefined) return usual ? noSuchName(gathering, ask) : noData(gathering, ask)
  const ttl = gathering.profile.nodeTtl
  const wan = !gathering.isLocal(named.datacenter) && gathering.profile.translateWanAddresses
  const place = leadsTo(ask, type => nodePlace(node, type, wan))
  const alias: DnsRecord[] =
    typeof place === 'string' ? [] : [{ type: 'CNAME', name: ask.name, ttl, target: place.host }]
  if (!usual) return alias.length === 0 ? noData(gathering, ask) : fixedAnswers(gathering, alias)
  const texts = metadataRecords(gathering, node, ask.name, ttl)
  const inAnswer = ask.type === TXT || ask.type === ANY
  const own = ask.type !== TXT ? placeRecords(gathering, ask, node, wan) : texts.length === 0 ? alias : []
  const answers = [...own, ...(inAnswer ? texts : [])]
  const additional = inAnswer || !gathering.profile.additionalNodeMeta ? [] : texts
  return answers.length === 0 ? noData(gathering, ask, additional) : fixedAnswers(gathering, answers, { additional })
}

function placeRecords(gathering: Gathering, ask: Ask, node: Node, wan: boolean): DnsRecord[] {
  const ttl = gathering.profile.nodeTtl
  const place = nodePlace(node, ask.type, wan)
  if (place === undefined) return []
  if ('ip' in place) return [addressRecord(ask.name, ttl, place.ip)]
  if (!isDomainName(place.host) || place.host.toLowerCase() === ask.name.toLowerCase()) return []
  return [{ type: 'CNAME', name: ask.name, ttl, target: place.host }, ...followHost(gathering, ask, place.host, ttl)]
}

/**
 * The answer for `<hex>.addr`: the address that the name itself says. Asked for the other family, it goes along as
 * additional. Answers are owned by the name in lower case, as Consul's are.
 */
export function answerAddress(gathering: Gathering, ask: Ask, named: NamedQuestion & { kind: 'address' }): AnswerSet {
  if (!gathering.isLocal(named.datacenter) && !gathering.isKnown(named.datacenter)) return noSuchName(gathering, ask)
  if (named.digits.length >> 1 !== 4 && named.digits.length >> 1 !== 16) return noData(gathering, ask)
  const address = named.digits.length % 2 === 0 ? addressFromHex(named.digits) : undefined
  if (address === undefined) return noSuchName(gathering, ask)
  const record = addressRecord(ask.name.toLowerCase(), gathering.profile.nodeTtl, address)
  const fits = ask.type === recordType.ANY || ask.type === recordType[record.type]
  return fits ? fixedAnswers(gathering, [record]) : noData(gathering, ask, [record])
}

/**
 * A node's metadata as TXT records, `key=value` each (RFC 1464); keys that begin with `rfc1035-` give their value
 * alone.
 */
export function metadataRecords(gathering: Gathering, node: Node, name: string, ttl: number): DnsRecord[] {
  return Object.entries(node.meta ?? {}).map(([key, value]) =>
    gathering.once(`${name} TXT ${key}`, () => ({
      type: 'TXT',
      name,
      ttl,
      text: Buffer.from(metadataText(key, value)),
    })),
  )
}

function metadataText(key: string, value: string): string {
  if (key.toLowerCase().startsWith('rfc1035-')) return value
  const quoted = key
    .replaceAll('`', '``')
    .replaceAll('=', '`=')
    .replace(/^ +| +$/g, spaces => '` '.repeat(spaces.length))
  return `${quoted}=${value.replaceAll('`', '``')}`
}
