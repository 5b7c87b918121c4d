import type { Topic } from '../catalog/index.js'

/**
 * One resource record before it is encoded. Names are plain text without a dot at the end, TTLs are whole seconds,
 * addresses are 4 or 16 bytes. Records that belong to the same thing are the same object, so a set of them never holds
 * one twice.
 */
export type DnsRecord =
  | { readonly type: 'A' | 'AAAA'; readonly name: string; readonly ttl: number; readonly address: Uint8Array }
  | { readonly type: 'CNAME' | 'NS' | 'PTR'; readonly name: string; readonly ttl: number; readonly target: string }
  | {
      readonly type: 'SRV'
      readonly name: string
      readonly ttl: number
      readonly weight: number
      readonly port: number
      readonly target: string
    }
  | { readonly type: 'TXT'; readonly name: string; readonly ttl: number; readonly text: Uint8Array }
  | {
      readonly type: 'SOA'
      readonly name: string
      readonly ttl: number
      readonly primary: string
      readonly mailbox: string
      readonly serial: number
      readonly refresh: number
      readonly retry: number
      readonly expire: number
      readonly minimum: number
    }

/** Priority of every SRV record: instances of one service are equals, weights tell them apart. */
export const srvPriority = 1

/**
 * What one instance contributes: its answers, and the additional records that go with them. Units with the same `key`
 * say the same, and only the first of them in an answer's order is used.
 */
export interface Unit {
  readonly key: string
  readonly answers: readonly DnsRecord[]
  readonly additional: readonly DnsRecord[]
}

/**
 * Everything there is to say to a question, before an order is chosen and before it is cut to a packet. It is right as
 * long as every topic in `sources` stays at its index and `maxAge` milliseconds have not passed (0: not to be kept at
 * all).
 */
export interface AnswerSet {
  readonly rcode: number
  readonly authoritative: boolean
  readonly units: readonly Unit[]
  /** Whether no two units have the same key, so that nobody has to look. */
  readonly distinct: boolean
  /** Whether the units are equals, to be given in a new order each time. */
  readonly shuffled: boolean
  /** Whether just the first unit is given: alternatives of a CNAME, of which a name can only have one. */
  readonly oneOf: boolean
  /**
   * The most units to give, whatever the transport; 0: all. Leaving out more than these does not count as truncation.
   */
  readonly limit: number
  readonly authority: readonly DnsRecord[]
  readonly additional: readonly DnsRecord[]
  readonly sources: readonly Topic[]
  readonly maxAge: number
  /** EDNS client subnet scope: whether the answer depends on who asks. */
  readonly perClient: boolean
}

/** A set of fixed records, each a unit of its own. */
export const unitsOf = (records: readonly DnsRecord[]): Unit[] =>
  records.map((record, at) => ({ key: String(at), answers: [record], additional: [] }))

/** Whether a record carries an address. */
export const isAddressRecord = (record: DnsRecord): boolean => record.type === 'A' || record.type === 'AAAA'
