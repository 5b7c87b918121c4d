import type { CatalogReads, CatalogWrites, Topic } from '../../catalog/index.js'
import type { Clock } from '../../common/clock.js'
import type { Settings } from '../../config/index.js'
import type { Gauge } from '../../telemetry/index.js'
import { isAborted } from '../request/aborted.js'
import type { Answer } from '../answer/answer.js'
import type { HeaderList } from '../header-list.js'
import { fromParameter } from '../rules/forwarding.js'
import { layoutJson } from '../answer/json-layout.js'
import { PreparedBody, type Built, type Source } from '../answer/prepared-body.js'
import type { Query } from '../request/query.js'
import { readOptions, type ReadOptions } from './read-options.js'
import type { ResponseCache } from './response-cache.js'
import type { ApiRequest } from '../route.js'

/**
 * A question to the catalog. What it answers with is decided by path and the parameters it names alone, and may change
 * only when `topic` does.
 */
export interface Read {
  readonly topic: Topic
  /**
   * Parameters that affect the answer. Others are not part of cache keys, so that invented ones cannot fill the memory.
   */
  readonly shapedBy: readonly ShapingParameter[]
  /** The topic moves for other things too: a blocked query whose answer is the same goes on waiting. */
  readonly coarse?: true
  /** A topic that affects the order of the list: its change invalidates a kept answer, but wakes no blocking query. */
  readonly order?: Topic
  /** `?cached` is shown in X-Cache and Age. */
  readonly cacheable?: true
  /**
   * Takes what it needs from the catalog before it returns, so that the answer is of one moment, though it may go on
   * for a while. `isWanted` tells whether anybody waits for the answer still.
   */
  readonly build: Build
}

/** Builds an answer's content, now or later. */
export type Build = (isWanted: () => boolean) => Built | Promise<Built>

/** An answer that is being built, and the requests that wait for it. */
interface UnderWay {
  readonly index: number
  readonly body: Promise<PreparedBody>
  readonly waiting: ApiRequest['gone'][]
}

/** Keeps an answer for the fast path. */
export type KeepAnswer = (request: ApiRequest, key: string, body: PreparedBody, headers: HeaderList) => void

interface ReadsParts {
  readonly catalog: CatalogReads & CatalogWrites
  readonly settings: () => Settings
  readonly cache: ResponseCache
  readonly clock: Clock
  readonly random: () => number
  /** Reads need no barrier to be as new as every acknowledged write: the store is in this process. */
  readonly alwaysCurrent: boolean
  readonly knownLeader: () => boolean
  /** Milliseconds since a leader was last heard of; 0 while there is one. */
  readonly lastContact: () => number
  readonly keepAnswer: KeepAnswer
  readonly blocked: Gauge
}

const jsonType = 'application/json'

/** JSON text as an answer's content. */
export const builtJson = (jsonText: string, status = 200): Built => ({
  status,
  type: jsonType,
  bytes: Buffer.from(jsonText),
})

/** JSON laid out as `?pretty` shows it. */
export const prettyJson = (value: unknown): string => `${JSON.stringify(value, null, 4)}\n`

/** Answers reads of the catalog: consistency, blocking, and one prepared body for everyone who asks the same thing. */
export class Reads {
  readonly #parts: ReadsParts
  readonly #underWay = new Map<string, UnderWay>()
  #blocked = 0

  constructor(parts: ReadsParts) {
    this.#parts = parts
  }

  /**
   * Answers one read, now or after the change that the client waits for.
   * @throws MusterError 400 for bad parameters, and what building the answer throws.
   */
  async answer(request: ApiRequest, read: Read): Promise<Answer> {
    const { catalog, settings, alwaysCurrent, lastContact } = this.#parts
    const options = readOptions(request.query, request.header('cache-control'), settings(), {
      path: request.path,
      age: lastContact(),
    })
    const key = contentKey(request.path, request.query, request.pretty, read.shapedBy)
    if (options.consistency !== 'stale' && !alwaysCurrent) await catalog.barrier()
    if (options.index > 0 && read.topic.index <= options.index) await this.#block(request, read, options, key)
    const kept = this.#parts.cache.body(key)
    const body = kept ?? (await this.#prepare(request, read.topic, read, key))
    const headers = this.#headers(options, body)
    if (options.index === 0 && (alwaysCurrent || options.consistency === 'stale') && this.#parts.knownLeader()) {
      this.#parts.keepAnswer(
        request,
        key,
        body,
        options.cached && read.cacheable === true ? [...headers, ...hit(0)] : headers,
      )
    }
    if (!options.cached || read.cacheable !== true) return { kind: 'prepared', body, headers }
    return { kind: 'prepared', body, headers: [...headers, ...(kept === undefined ? ['X-Cache', 'MISS'] : hit(0))] }
  }

  /** Answers from what this agent alone knows, written out once for each of its states. */
  async own(request: ApiRequest, source: Source, shapedBy: Read['shapedBy'], build: Build): Promise<Answer> {
    const key = contentKey(request.path, request.query, request.pretty, shapedBy)
    const body = this.#parts.cache.body(key) ?? (await this.#prepare(request, source, { build }, key))
    this.#parts.keepAnswer(request, key, body, [])
    return { kind: 'prepared', body, headers: [] }
  }

  async #block(request: ApiRequest, read: Read, { index, wait }: ReadOptions, key: string): Promise<void> {
    const { catalog, clock, random, blocked } = this.#parts
    const until = clock.monotonic() + wait + (random() * wait) / 16
    const gone = request.gone()
    const before = read.coarse === true ? (await this.#current(request, read, key)).built.bytes : undefined
    blocked.set(++this.#blocked)
    try {
      for (let after = index as Topic['index']; ;) {
        const left = until - clock.monotonic()
        if (left <= 0 || gone.aborted) return
        if (!(await catalog.wait(read.topic, after, left, gone))) return
        if (before === undefined) return
        const now = await this.#current(request, read, key)
        if (!before.equals(now.built.bytes)) return
        after = now.index as Topic['index']
      }
    } finally {
      blocked.set(--this.#blocked)
    }
  }

  #current(request: ApiRequest, read: Read, key: string): PreparedBody | Promise<PreparedBody> {
    return this.#parts.cache.body(key) ?? this.#prepare(request, read.topic, read, key)
  }

  /** Requests for the same answer share one build. */
  #prepare(
    request: ApiRequest,
    source: Source,
    read: Pick<Read, 'build' | 'order'>,
    key: string,
  ): PreparedBody | Promise<PreparedBody> {
    const { build, order } = read
    const { index } = source
    const same = this.#underWay.get(key)
    if (same?.index === index) {
      same.waiting.push(request.gone)
      // The shared read may have been aborted because all its earlier readers have gone: start a new one.
      return same.body.catch((error: unknown) => {
        if (!isAborted(error) || request.gone().aborted) throw error
        return this.#prepare(request, source, read, key)
      })
    }
    const waiting = [request.gone]
    const prepared = (built: Built): PreparedBody => {
      const shown =
        request.pretty && built.type === jsonType
          ? { ...built, bytes: Buffer.from(layoutJson(built.bytes.toString())) }
          : built
      const body = new PreparedBody(shown, source, index, order)
      this.#parts.cache.keepBody(key, body)
      return body
    }
    const built = build(() => waiting.some(gone => !gone().aborted))
    if (!(built instanceof Promise)) return prepared(built)
    const body = built.then(prepared).finally(() => {
      if (this.#underWay.get(key)?.body === body) this.#underWay.delete(key)
    })
    this.#underWay.set(key, { index, body, waiting })
    return body
  }

  #headers({ consistency }: ReadOptions, body: PreparedBody): HeaderList {
    return [
      'X-Consul-Index',
      String(Math.max(1, body.index)),
      'X-Consul-Knownleader',
      String(this.#parts.knownLeader()),
      'X-Consul-Lastcontact',
      String(this.#parts.lastContact()),
      'X-Consul-Effective-Consistency',
      consistency,
      'X-Consul-Query-Backend',
      'blocking-query',
    ]
  }
}

// The catalog in memory is the cache, so every answer is a hit.
const hit = (age: number): HeaderList => ['X-Cache', 'HIT', 'Age', String(age)]

/**
 * How a parameter is read: whether it is there at all, its first value, or all of them, whose order and repetitions say
 * nothing.
 */
const shaping = {
  'filter': 'first',
  'keys': 'presence',
  'near': 'first',
  'node-meta': 'all',
  'passing': 'first',
  'raw': 'presence',
  'recurse': 'presence',
  'segment': 'first',
  'separator': 'first',
  'seperator': 'first',
  'tag': 'all',
  [fromParameter]: 'first',
} as const satisfies Readonly<Record<string, 'presence' | 'first' | 'all'>>

/** A parameter that the content of some read depends on. */
export type ShapingParameter = keyof typeof shaping

/**
 * What a read's content depends on, as one text. Reads whose answers differ never share one, and what says the same in
 * other words does: parameters that the read does not know, repetitions that it does not look at, another order.
 */
export function contentKey(path: string, query: Query, pretty: boolean, shapedBy: readonly ShapingParameter[]): string {
  const names: readonly ShapingParameter[] = [...shapedBy, fromParameter]
  const shape = names.filter(name => query.has(name)).map(name => [name, ...relevantValues(name, query)])
  return `${pretty ? 'pretty' : 'plain'} ${path} ${shape.length === 0 ? '' : JSON.stringify(shape)}`
}

function relevantValues(name: ShapingParameter, query: Query): readonly string[] {
  switch (shaping[name]) {
    case 'presence':
      return []
    case 'first':
      return [query.first(name)]
    case 'all':
      return [...new Set(query.all(name))].sort()
  }
}
