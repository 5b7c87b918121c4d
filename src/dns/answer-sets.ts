import type { Gathering } from './gathering.js'
import { rcode } from './protocol.js'
import { unitsOf, type AnswerSet, type DnsRecord } from './records.js'

/**
 * What is asked: the question's name as spelled, its type, whether the client speaks EDNS, and how many more names may
 * be followed.
 */
export interface Ask {
  readonly name: string
  readonly zone: string
  readonly type: number
  readonly edns: boolean
  readonly depth: number
}

/** Creates a set; omitted fields get their defaults. */
export function answerSet(gathering: Gathering, parts: Partial<AnswerSet>): AnswerSet {
  const { units = [] } = parts
  return {
    rcode: rcode.NOERROR,
    authoritative: true,
    units,
    distinct: new Set(units.map(unit => unit.key)).size === units.length,
    shuffled: false,
    oneOf: false,
    limit: 0,
    authority: [],
    additional: [],
    ...parts,
    sources: [...gathering.topics],
    maxAge: gathering.maxAge,
    perClient: gathering.perClient,
  }
}

/** Fixed answers. */
export const fixedAnswers = (
  gathering: Gathering,
  records: readonly DnsRecord[],
  parts: Partial<AnswerSet> = {},
): AnswerSet => answerSet(gathering, { ...parts, units: unitsOf(records) })

/** The name is not there. */
export const noSuchName = (gathering: Gathering, ask: Ask): AnswerSet => {
  const authority = [soaRecord(gathering, ask)]
  return answerSet(gathering, { rcode: rcode.NXDOMAIN, authority })
}

/** The name is there, but nothing of the type asked for. */
export const noData = (gathering: Gathering, ask: Ask, additional: readonly DnsRecord[] = []): AnswerSet => {
  const authority = [soaRecord(gathering, ask)]
  return answerSet(gathering, { authority, additional })
}

/** A failure that says nothing about the name. It is not kept. */
export const failure = (gathering: Gathering, code: number): AnswerSet => ({
  ...answerSet(gathering, { rcode: code, authoritative: false }),
  maxAge: 0,
})

/**
 * Seconds for which a resolver may remember that something is not there, where `min_ttl` is left alone and the client
 * is a modern one.
 */
const defaultNegativeTtl = 1

/**
 * The zone's SOA record, owned by the domain that was asked in. Where `dns_config.soa.min_ttl` is not set, clients that
 * speak EDNS (resolvers, which would otherwise ask again for each lookup) get 1 s; the others get Consul's 0, as old
 * stubs keep nothing anyway.
 */
export function soaRecord(gathering: Gathering, ask: Ask): DnsRecord {
  const { soa } = gathering.profile
  const minimum = soa.minTtl ?? (ask.edns ? defaultNegativeTtl : 0)
  return {
    type: 'SOA',
    name: ask.zone,
    ttl: minimum,
    primary: `ns.${ask.zone}`,
    mailbox: `hostmaster.${ask.zone}`,
    serial: gathering.datedNow(),
    refresh: soa.refresh,
    retry: soa.retry,
    expire: soa.expire,
    minimum,
  }
}
