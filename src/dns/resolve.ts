import { answerSet, failure, noSuchName, type Ask } from './answer-sets.js'
import type { Gathering } from './gathering.js'
import { readName, type NamedQuestion } from './names.js'
import { answerAddress, answerNode } from './node-records.js'
import { rcode, recordType } from './protocol.js'
import type { Query } from './query.js'
import type { AnswerSet } from './records.js'
import { answerQuery, answerService } from './service-records.js'
import { answerApex, answerReverse } from './zone-records.js'

/** Names of the zone that may be followed from one to the next. */
const deepest = 3

/** An answer, or why recursors have to be asked: the name lies outside the zone, or an address has no name here. */
export type Resolution = AnswerSet | 'outside' | 'nameless'

/** Answers a question from the catalog. */
export function resolve(gathering: Gathering, query: Query): Resolution {
  const named = readName(query.labels, query.type, gathering.profile)
  const zone = 'zone' in named ? named.zone : gathering.profile.domain
  const ask: Ask = {
    name: query.labels.join('.'),
    zone,
    type: query.type,
    edns: query.edns !== undefined,
    depth: deepest,
  }
  const resolution = answer(gathering, ask, named)
  return gathering.unavailable && typeof resolution !== 'string' ? failure(gathering, rcode.SERVFAIL) : resolution
}

/** Answers a name of the zone that was found in place of an address; undefined for any other name. */
export function resolveInside(gathering: Gathering, name: string, type: number, depth: number): AnswerSet | undefined {
  const named = readName(name.split('.'), type, gathering.profile)
  if (!('zone' in named)) return undefined
  // The caller truncates the records behind a followed name, since it knows whether the client supports EDNS.
  const resolution = answer(gathering, { name, zone: named.zone, type, edns: true, depth }, named)
  return typeof resolution === 'string' ? undefined : resolution
}

function answer(gathering: Gathering, ask: Ask, named: NamedQuestion): Resolution {
  switch (named.kind) {
    case 'service':
      return answerService(gathering, ask, named)
    case 'node':
      return answerNode(gathering, ask, named)
    case 'address':
      return answerAddress(gathering, ask, named)
    case 'query':
      return isForeign(gathering, named.datacenter)
        ? noSuchName(gathering, ask)
        : answerQuery(gathering, ask, gathering.query(named.query))
    case 'apex':
      return answerApex(gathering, ask)
    case 'transfer':
      return answerSet(gathering, { rcode: rcode.NOTIMP })
    case 'reverse':
      return answerReverse(gathering, ask, named.address) ?? 'nameless'
    case 'unknown':
      return noSuchName(gathering, ask)
    case 'outside':
      return 'outside'
  }
}

/** Prepared queries are those of the local datacenter; they fail over to others by themselves. */
const isForeign = (gathering: Gathering, datacenter: string): boolean => !gathering.isLocal(datacenter)

/** Whether a class is one that the zone has. */
export const isAnsweredClass = (question: number): boolean => question === 1 || question === recordType.ANY
