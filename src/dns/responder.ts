import type { Clock } from '../common/clock.js'
import { errorMessage } from '../common/errors.js'
import type { Settings } from '../config/index.js'
import type { Logger } from '../telemetry/index.js'
import { AnswerCache } from './answer-cache.js'
import { echoSubnet, subnetAddress } from './client-subnet.js'
import type { Counts } from './counts.js'
import { encodeBareHeader, encodeMessage } from './encode.js'
import { externalKey, Gathering, type Learned, type ResolvedQuery, type Sources } from './gathering.js'
import { KeptAnswer } from './kept-answer.js'
import { readName } from './names.js'
import { Orders } from './orders.js'
import { profileOf, type Profile } from './profile.js'
import { rcode } from './protocol.js'
import { isQuery, isStandardQuery, layOut, newLayout, readQuery, type Query } from './query.js'
import type { AnswerSet, DnsRecord } from './records.js'
import type { Recursors } from './recursors.js'
import { isAnsweredClass, resolve, resolveInside, type Resolution } from './resolve.js'
import { isTruncated, limitsFor, writeAnswer } from './truncate.js'

export type Transport = 'udp' | 'tcp'

/** How new the catalog's view is, for `allow_stale` and `max_stale`. Not given: always as new as can be. */
export interface Freshness {
  /** Passes when reads are as new as every write acknowledged before the call. */
  barrier(): Promise<void>
  /** Milliseconds since the view was known to be the newest. */
  age(): number
}

/** What answering needs. */
export interface ResponderDeps {
  readonly sources: Sources
  /** Whether the agent may answer from its state; asked for each query, so it has to be cheap. */
  readonly ready: () => boolean
  readonly freshness?: Freshness
  readonly recursors: Recursors
  readonly counts: Counts
  readonly log: Logger
  readonly clock: Clock
  readonly random: () => number
}

interface Asked {
  readonly query: Query
  readonly transport: Transport
  readonly client: string
  readonly key: string | undefined
}

/** Rounds of asking elsewhere for one question: a name may lead to a query, whose instances lead to names. */
const maxRounds = 3

const nothingLearned: Learned = { names: new Map(), queries: new Map(), views: new Map(), failed: false }

/**
 * Turns packets into packets: from the cache of ready answers if it can, else from the catalog, else with the help of
 * recursors.
 */
export class Responder {
  readonly #deps: ResponderDeps
  #profile: Profile
  #settings: Settings
  #epoch = 0
  readonly #caches = { udp: new AnswerCache(), tcp: new AnswerCache() }
  readonly #layout = newLayout()

  constructor(settings: Settings, deps: ResponderDeps) {
    this.#deps = deps

    this.#settings = settings
    this.#profile = profileOf(settings)
    deps.recursors.update(settings)
  }

  update(settings: Settings): void {
    this.#settings = settings
    this.#profile = profileOf(settings)
    this.#deps.recursors.update(settings)
    this.#epoch++
    this.#caches.udp.clear()
    this.#caches.tcp.clear()
  }

  /**
   * The answer to a packet from `client` (an address); undefined when none is due. An answer that comes at once may be
   * a ready one that is given out again at the next call, so it has to be sent or copied before that; with `copy` it is
   * the receiver's own, as a ready answer may still be on its way out. Never throws and never rejects.
   */
  respond(packet: Buffer, transport: Transport, client: string, copy = false): Buffer | undefined | Promise<Buffer> {
    const { counts } = this.#deps
    if (!isQuery(packet)) return undefined
    counts.queries++
    const layout = this.#layout
    if (!layOut(packet, layout)) {
      counts.malformed++
      return encodeBareHeader(packet.readUInt16BE(0), packet.readUInt16BE(2), rcode.FORMERR)
    }
    let key: string | undefined
    if (layout.usual && this.#deps.ready() && !this.#needsBarrier()) {
      key = packet.toString('latin1', 2, layout.optEnd)
      if (layout.subnetEnd > 0) key += packet.toString('latin1', layout.subnetStart, layout.subnetEnd)
      const kept = this.#caches[transport].get(key)
      if (
        kept?.isCurrent(this.#currentEpoch()) === true
        && (kept.expires === Number.POSITIVE_INFINITY || this.#deps.clock.monotonic() < kept.expires)
      ) {
        const ready = copy ? Buffer.from(kept.take()) : kept.take()
        ready[0] = packet[0] ?? 0
        ready[1] = packet[1] ?? 0
        counts.cacheHits++
        if (isTruncated(ready)) counts.truncated++
        return ready
      }
    }
    return this.#attempt({ query: readQuery(packet, layout), transport, client, key: copy ? undefined : key })
  }

  /**
   * Nothing a stranger can send may take the process down, so whatever is thrown here becomes SERVFAIL and a line in
   * the log.
   */
  #attempt(asked: Asked): Buffer | Promise<Buffer> {
    const failed = (thrown: unknown): Buffer => {
      this.#deps.log.error('DNS query failed', {
        name: asked.query.labels.join('.'),
        type: asked.query.type,
        reason: errorMessage(thrown),
      })
      return this.#plain(asked.query, rcode.SERVFAIL)
    }
    try {
      const answer = this.#answer(asked)
      return answer instanceof Promise ? answer.catch(failed) : answer
    } catch (thrown) {
      return failed(thrown)
    }
  }

  #answer(asked: Asked): Buffer | Promise<Buffer> {
    const { query } = asked
    if (!isStandardQuery(query.flags)) return this.#plain(query, rcode.NOTIMP)
    if (query.edns !== undefined && query.edns.version > 0) return this.#plain(query, rcode.BADVERS)
    if (!isAnsweredClass(query.class)) return this.#refuse(query)
    if (!this.#deps.ready() && readName(query.labels, query.type, this.#profile).kind !== 'outside')
      return this.#plain(query, rcode.SERVFAIL)
    const { freshness } = this.#deps
    if (freshness === undefined || !this.#needsBarrier()) return this.#fromCatalog(asked, nothingLearned, 0)
    return freshness.barrier().then(() => this.#fromCatalog(asked, nothingLearned, 0))
  }

  #fromCatalog(asked: Asked, learned: Learned, round: number): Buffer | Promise<Buffer> {
    const { query, client } = asked
    const subnet = query.edns?.subnet === undefined ? undefined : subnetAddress(query.edns.subnet)
    const { sources, clock, random } = this.#deps
    const gathering = new Gathering(
      sources,
      this.#profile,
      clock.now(),
      random,
      { address: client, subnet },
      learned,
      resolveInside,
    )
    const resolution = resolve(gathering, query)
    const complete =
      gathering.wantedNames.size === 0 && gathering.wantedQueries.size === 0 && gathering.wantedViews.size === 0
    if (gathering.wantedViews.size > 0 && round >= maxRounds) return this.#plain(query, rcode.SERVFAIL)
    if (complete || round >= maxRounds) return this.#finish(asked, resolution)
    return this.#learn(gathering, learned, asked.transport).then(more => this.#fromCatalog(asked, more, round + 1))
  }

  async #learn(gathering: Gathering, before: Learned, transport: Transport): Promise<Learned> {
    const names = [...gathering.wantedNames.values()].map(async (name): Promise<[string, readonly DnsRecord[]]> => [
      externalKey(name),
      await this.#deps.recursors.lookUp(name, transport),
    ])
    let failed = false
    const queries = [...gathering.wantedQueries].map(
      async ([name, outcome]): Promise<[string, ResolvedQuery | undefined]> => [
        name,
        await outcome.catch((thrown: unknown) => {
          this.#deps.log.debug('a prepared query could not be run', { query: name, reason: errorMessage(thrown) })
          failed = true
          return undefined
        }),
      ],
    )
    const views = [...gathering.wantedViews].map(async ([key, there]): Promise<[string, boolean]> => [key, await there])
    return {
      names: new Map([...before.names, ...(await Promise.all(names))]),
      queries: new Map([...before.queries, ...(await Promise.all(queries))]),
      views: new Map([...before.views, ...(await Promise.all(views))]),
      failed: before.failed || failed,
    }
  }

  #finish(asked: Asked, resolution: Resolution): Buffer | Promise<Buffer> {
    if (typeof resolution === 'string') return this.#recurse(asked, resolution)
    if (resolution.rcode === rcode.SERVFAIL) return this.#plain(asked.query, rcode.SERVFAIL)
    const packet =
      asked.key === undefined || !(resolution.maxAge > 0)
        ? this.#writeOnce(asked, resolution)
        : this.#keep(asked, asked.key, resolution)
    if (isTruncated(packet)) this.#deps.counts.truncated++
    return packet
  }

  #writeOnce(asked: Asked, set: AnswerSet): Buffer {
    return this.#writer(asked, set)(new Orders(set.units.length, !set.shuffled, this.#deps.random).next())
  }

  #keep(asked: Asked, key: string, set: AnswerSet): Buffer {
    const expires = this.#deps.clock.monotonic() + set.maxAge
    const kept = new KeptAnswer(set, this.#currentEpoch(), expires, this.#writer(asked, set), this.#deps.random)
    this.#caches[asked.transport].put(key, kept)
    return kept.first
  }

  #writer({ query, transport }: Asked, set: AnswerSet): (order: readonly number[]) => Buffer {
    const limits = limitsFor(query, transport, this.#profile)
    const subnet =
      query.edns?.subnet === undefined
        ? undefined
        : echoSubnet(query.edns.subnet, set.perClient && set.rcode === rcode.NOERROR)
    return order => writeAnswer(set, order, query, limits, this.#profile, subnet)
  }

  #recurse({ query, transport }: Asked, why: 'outside' | 'nameless'): Buffer | Promise<Buffer> {
    if (!this.#profile.recursionAvailable)
      return why === 'outside' ? this.#refuse(query) : this.#plain(query, rcode.SERVFAIL, true)
    this.#deps.counts.recursed++
    return this.#deps.recursors
      .forward(query, transport, this.#profile.udpAnswerSize)
      .then(answer => answer ?? this.#plain(query, rcode.SERVFAIL))
  }

  #refuse(query: Query): Buffer {
    this.#deps.counts.refused++
    return this.#plain(query, rcode.REFUSED)
  }

  /** An answer of nothing but a code. */
  #plain(query: Query, code: number, recursionAvailable = this.#profile.recursionAvailable): Buffer {
    if (code === rcode.SERVFAIL) this.#deps.counts.failed++
    return encodeMessage(
      {
        query,
        rcode: code,
        authoritative: false,
        truncated: false,
        recursionAvailable,
        answers: [],
        authority: [],
        additional: [],
        subnet: query.edns?.subnet === undefined ? undefined : echoSubnet(query.edns.subnet, false),
      },
      true,
    )
  }

  #needsBarrier(): boolean {
    const { freshness } = this.#deps
    return freshness !== undefined && (!this.#settings.dns.allowStale || freshness.age() > this.#settings.dns.maxStale)
  }

  /** One number for settings and permissions: both only count up. */
  #currentEpoch(): number {
    return this.#epoch + (this.#deps.sources.access?.epoch ?? 0)
  }
}
