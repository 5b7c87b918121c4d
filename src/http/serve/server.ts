import { setMaxListeners } from 'node:events'
import type { AgentApi } from '../../agent/index.js'
import {
  remotePerspective,
  type CatalogReads,
  type CatalogWrites,
  type RemoteDatacenters,
  type UserEvent,
} from '../../catalog/index.js'
import {
  EventLog,
  catalogFeed,
  type EventFeed,
  type Membership,
  type ServerCoordinates,
  type StandingSource,
} from '../../cluster/index.js'
import { type ApiListener } from '../../rpc/index.js'
import type { Clock } from '../../common/clock.js'
import type { Settings } from '../../config/index.js'
import type { LogHub, Metrics } from '../../telemetry/index.js'
import { ClientConnections } from './client-connections.js'
import { commonHeaders } from '../answer/common-headers.js'
import type { Deps } from '../deps.js'
import { Endpoints, type LocalAnswer, type Prepared } from './endpoint.js'
import type { OwnRequest } from './exchange.js'
import { Turns } from '../reads/filter/index.js'
import type { Forwarding } from '../rules/forwarding.js'
import { Front } from './front.js'
import { Guards } from '../rules/guards.js'
import { openListeners, type BoundAddress, type Listener } from './listeners.js'
import { gzipFrom } from '../answer/prepared-body.js'
import { Readiness } from '../rules/readiness.js'
import { Reads, type KeepAnswer } from '../reads/reads.js'
import { ResponseCache } from '../reads/response-cache.js'
import { Router } from './router.js'
import { allRoutes } from '../routes/index.js'
import { preparedHeaders } from './send.js'
import { UnreadAnswers, type UnreadLimits } from '../answer/unread-answers.js'
import { Fragments } from '../views/fragments.js'

/** What the HTTP API is built on. */
export interface HttpServerOptions {
  readonly settings: Settings
  readonly agent: AgentApi
  readonly catalog: CatalogReads & CatalogWrites
  readonly membership: Membership
  /** Where agents are in the space of round trips; not given: nothing is measured. */
  readonly places?: ServerCoordinates | undefined
  /** Where prepared queries look that find nothing here; not given: there is no other datacenter. */
  readonly others?: RemoteDatacenters | undefined
  /** User events as they are fired; those of the catalog unless given. */
  readonly eventFeed?: EventFeed | undefined
  /** Given the events of agents among themselves (`_name`) that this agent accepted; they are never listed. */
  readonly internalEvents?: ((event: UserEvent) => void) | undefined
  readonly logs: LogHub
  readonly metrics: Metrics
  readonly clock: Clock
  /** In [0, 1): spreads the ends of blocking queries. */
  readonly random: () => number
  /**
   * Whether every read is as new as every acknowledged write without asking anyone: true on an embedded store, false on
   * etcd, where `default` and `consistent` reads pass `catalog.barrier()` first.
   */
  readonly alwaysCurrent: boolean
  /** Where requests go that this agent does not answer itself; not given: there is no other agent. */
  readonly forward?: Forwarding
  /** Milliseconds since this server last heard of a leader, asked while none is known; not given: 0. */
  readonly lastContact?: () => number
  /** Whether what is written would be answered, and whether the members are vouched for; not given: always. */
  readonly standing?: StandingSource
  /** Of large answers that clients have not read; the usual ones unless given. */
  readonly unreadLimits?: UnreadLimits | undefined
}

/** The HTTP API of an agent. */
export interface HttpServer {
  /** Listens on every address of the settings. @throws MusterError HTTP_LISTEN; then nothing listens. */
  start(): Promise<void>
  /** Where it listens; with port 0 this is where the port is found. */
  readonly addresses: readonly BoundAddress[]
  /**
   * Takes over what may change while running: `http_config`, limits, query times. Addresses and ports need a restart.
   */
  update(settings: Settings): void
  /**
   * Answers a request that came to a cluster port, from an agent that hands it on for its client. What is never handed
   * on is refused with 403 before its body is read, and both guards hold: `block_endpoints`, and
   * `allow_write_http_from` for the address of the agent.
   */
  readonly serve: ApiListener
  /**
   * The answer to a GET from within this process, by the same code and without a socket. Rejects when `signal` is
   * aborted.
   */
  get(path: string, signal: AbortSignal): Promise<LocalAnswer>
  /**
   * The same for a PUT. On a client agent it may be done twice, when the first server breaks off: only for what does no
   * harm twice.
   */
  put(path: string, body: Buffer, signal: AbortSignal): Promise<LocalAnswer>
  /**
   * Stops accepting, lets blocked queries answer now, and resolves when all connections are gone (after 5 s they are
   * cut).
   */
  close(): Promise<void>
}

// Answers that are under way get this long before their connections are cut, in milliseconds.
const drainTime = 5000
const noBody = Buffer.alloc(0)
const alwaysWritable: StandingSource = { standing: () => Promise.resolve({ writable: true }), unheard: () => undefined }

/** Microseconds that this process has been at work: what other programs take of the machine is no part of them. */
function processorTime(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** Builds the HTTP API; nothing listens before {@link HttpServer.start}. */
export const createHttpServer = (options: HttpServerOptions): HttpServer => new AgentHttpServer(options)

class AgentHttpServer implements HttpServer {
  readonly #options: HttpServerOptions
  readonly #deps: Deps
  readonly #cache = new ResponseCache()
  readonly #closing = new AbortController()
  readonly #connections = new ClientConnections(() => this.#prepared.settings.limits.httpMaxConnsPerClient)
  readonly #front: Front
  readonly #endpoints: Endpoints
  #prepared: Prepared
  #listeners: readonly Listener[] = []

  constructor(options: HttpServerOptions) {
    const { settings, agent, catalog, membership, logs, metrics, clock } = options
    this.#options = options
    // Every blocked query adds a listener, so there is no limit.
    setMaxListeners(0, this.#closing.signal)
    const log = logs.root.child('http')
    const knownLeader = (): boolean => membership.leader() !== ''
    const lastContact = (): number => (knownLeader() ? 0 : Math.round(options.lastContact?.() ?? 0))
    const reads = new Reads({
      catalog,
      clock,
      cache: this.#cache,
      random: options.random,
      alwaysCurrent: options.alwaysCurrent,
      keepAnswer: this.#keepAnswer,
      settings: () => this.#prepared.settings,
      knownLeader,
      lastContact,
      blocked: metrics.gauge('http.blocked_queries', 'Queries that wait for a change'),
    })
    this.#deps = {
      agent,
      catalog,
      membership,
      places: options.places,
      others: options.others,
      logs,
      log,
      metrics,
      clock,
      random: options.random,
      reads,
      settings: () => this.#prepared.settings,
      events: this.#eventLog(options),
      filterWork: { turns: new Turns(), now: () => performance.now(), processorTime },
      fragments: new Fragments(settings.datacenter),
      remoteFragments: new Fragments(settings.datacenter, remotePerspective),
      closing: this.#closing.signal,
      forwarding: options.forward ?? {},
      lastContact,
      standing: options.standing ?? alwaysWritable,
      unread: new UnreadAnswers(options.unreadLimits),
    }
    this.#prepared = this.#prepare(settings)
    this.#endpoints = new Endpoints(this.#deps, new Router(allRoutes(this.#deps)), () => this.#prepared)
    const readiness = new Readiness({ agent, catalog, clock })
    this.#front = new Front({
      cache: this.#cache,
      fastPath: () =>
        !this.#closing.signal.aborted && !log.takesDebug && knownLeader() && readiness.now(this.#prepared.settings),
      slowPath: (request, response, port) => {
        void this.#endpoints.run(request, response, port)
      },
      isRefused: socket => this.#connections.isRefused(socket),
      commonHeaders: () => this.#prepared.common.length,
      unread: this.#deps.unread,
    })
    this.#measure()
  }

  get addresses(): readonly BoundAddress[] {
    return this.#listeners.map(({ address }) => address)
  }

  async start(): Promise<void> {
    const { settings } = this.#prepared
    const refused = this.#deps.metrics.counter('http.refused_connections', 'Connections above the limit for one client')
    this.#listeners = await openListeners(settings, {
      request: this.#front.handle,
      connection: socket => {
        if (this.#connections.admit(socket)) return
        refused.add()
        this.#deps.log.debug('a connection was refused: the client has too many', { client: socket.remoteAddress })
      },
    })
    for (const { url } of this.addresses) this.#deps.log.info('the HTTP API is served', { url })
  }

  readonly serve: ApiListener = (request, response, port) => {
    this.#front.serve(request, response, port)
  }

  update(settings: Settings): void {
    this.#prepared = this.#prepare(settings)
    this.#cache.clear()
  }

  get(path: string, signal: AbortSignal): Promise<LocalAnswer> {
    return this.#own({ method: 'GET', body: noBody }, path, signal)
  }

  put(path: string, body: Buffer, signal: AbortSignal): Promise<LocalAnswer> {
    return this.#own({ method: 'PUT', body }, path, signal)
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    this.#deps.events.close()
    const cut = this.#options.clock.after(drainTime, () => {
      for (const { server } of this.#listeners) server.closeAllConnections()
    })
    await Promise.all(
      this.#listeners.map(
        ({ server }) =>
          new Promise<void>(resolve => {
            server.close(() => {
              resolve()
            })
            server.closeIdleConnections()
          }),
      ),
    )
    cut.cancel()
  }

  #own(request: OwnRequest, path: string, signal: AbortSignal): Promise<LocalAnswer> {
    return this.#endpoints.local(request, path, signal)
  }

  #prepare(settings: Settings): Prepared {
    const { headers, refused } = commonHeaders(settings)
    for (const name of refused) this.#deps.log.warn('a configured response header cannot be sent', { header: name })
    return { settings, guards: new Guards(settings), common: headers }
  }

  readonly #keepAnswer: KeepAnswer = (request, key, body, headers) => {
    const all = [...this.#prepared.common, ...(body.built.headers ?? []), ...headers]
    const worthwhile = body.built.bytes.length >= gzipFrom && body.built.type !== ''
    this.#cache.keepAnswer(request.url, key, {
      body,
      reach: request.reach,
      plain: preparedHeaders(body, all),
      gzip: !worthwhile ? 'small' : body.gzipped === undefined ? undefined : preparedHeaders(body, all, body.gzipped),
    })
  }

  #eventLog({ agent, catalog, clock, eventFeed, internalEvents }: HttpServerOptions): EventLog {
    return new EventLog({
      feed: eventFeed ?? catalogFeed(catalog, clock),
      clock,
      node: () => this.#prepared.settings.nodeName,
      internal: internalEvents ?? (() => undefined),
      services: () => [...agent.services().values()].map(({ definition: { id, tags } }) => ({ id, tags })),
    })
  }

  #measure(): void {
    const { metrics } = this.#deps
    metrics.gauge('http.requests', 'Requests since the start', () => this.#front.all)
    metrics.gauge(
      'http.requests_from_cache',
      'Requests answered from kept bodies since the start',
      () => this.#front.fast,
    )
    metrics.gauge('http.connections', 'Open connections', () => this.#connections.open)
    metrics.gauge(
      'http.unread_bytes',
      'Bytes of large answers that clients have not read yet',
      () => this.#deps.unread.bytes,
    )
    metrics.gauge('http.cache_bytes', 'Bytes of kept answers', () => this.#cache.held.bytes)
  }
}
