import type { CatalogReads, CatalogWrites, Topic, ViewKind } from '../../../catalog/index.js'
import { MusterError } from '../../../common/errors.js'
import type { Clock } from '../../../common/clock.js'
import type { RpcServer, RpcSink } from '../../../rpc/index.js'
import { maxViews, readWants, viewKey, viewMethods, type Want, type Wants } from './view-messages.js'
import { rowsOf, topicOf, viewText } from './view-rows.js'

/** What the hub works on. */
export interface ViewHubOptions {
  readonly catalog: CatalogReads & Pick<CatalogWrites, 'barrier'>
  readonly clock: Clock
  /**
   * For a catalog that itself holds only views: sees to it that it has one, and goes on having it. Resolves whether it
   * has. Its indexes are this server's own count and mean nothing to who comes from another server.
   */
  readonly ready?: (kind: ViewKind, name: string) => true | Promise<boolean>
}

/** Streams of one server: every client agent of a large datacenter, and servers of others. */
const maxStreams = 20_000
/** What moves with every write is looked at no oftener than this, in milliseconds. */
const coarseEvery = 1000
/** Views that are held elsewhere are asked for again in time, so that they are not forgotten there. */
const maxWait = { own: 600_000, elsewhere: 30_000 }
const wantLimit = 8 * 1024 * 1024

/**
 * A view that somebody wants, with its line as it was built last. However many want it, it is waited for and built
 * once.
 */
interface Live {
  readonly want: Pick<Want, 'kind' | 'name'>
  readonly streams: Set<Stream>
  readonly gone: AbortController
  /** Bytes for the wire, of which `contentLength` are the view without its index; empty before it was built. */
  line: Buffer
  contentLength: number
  index: number
}

/**
 * Tells streams what views show, now and after each change: the server's side of `ViewStore`. A stream gets whole
 * views, each at most once for a change, and only the newest when it is slow.
 */
export class ViewHub {
  readonly #options: ViewHubOptions
  readonly #live = new Map<string, Live>()
  readonly #streams = new Map<string, Stream>()

  constructor(options: ViewHubOptions) {
    this.#options = options
  }

  /**
   * Answers on both ports. `others`: the hubs of other datacenters' views, for agents that cannot reach those;
   * undefined for one that is not known.
   */
  register(server: RpcServer, others: (datacenter: string) => ViewHub | undefined = () => undefined): void {
    const hubOf = (datacenter: string): ViewHub => {
      const hub = datacenter === '' ? this : others(datacenter)
      if (hub === undefined) throw new MusterError('CLUSTER_NO_DATACENTER', 'No path to datacenter', { status: 500 })
      return hub
    }
    server.handleStream(
      viewMethods.stream,
      async (body, caller, sink) => {
        const wants = readWants(body)
        await hubOf(wants.datacenter).#serve(wants, sink, caller.aborted)
      },
      { wan: true, bodyLimit: wantLimit },
    )
    server.handle(
      viewMethods.want,
      async body => {
        const wants = readWants(body)
        await hubOf(wants.datacenter).#change(wants)
        return {}
      },
      { wan: true, bodyLimit: wantLimit },
    )
  }

  async #serve({ stream: id, add }: Wants, sink: RpcSink, aborted: AbortSignal): Promise<void> {
    this.#assertLoaded()
    if (this.#streams.has(id)) throw new MusterError('CLUSTER_MESSAGE', 'there is a stream of that id', { status: 409 })
    if (this.#streams.size >= maxStreams)
      throw new MusterError('CLUSTER_BUSY', `${maxStreams} agents follow views here`, { status: 429 })
    const stream = new Stream(sink)
    this.#streams.set(id, stream)
    try {
      sink.send({ hello: id })
      await this.#add(stream, add)
      await new Promise<void>(resolve => {
        if (aborted.aborted) resolve()
        else
          aborted.addEventListener(
            'abort',
            () => {
              resolve()
            },
            { once: true },
          )
      })
    } finally {
      this.#streams.delete(id)
      stream.close()
      for (const live of stream.views) this.#leave(live, stream)
    }
  }

  async #change({ stream: id, add, remove }: Wants): Promise<void> {
    const stream = this.#streams.get(id)
    if (stream === undefined)
      throw new MusterError('CLUSTER_UNKNOWN_STREAM', 'there is no such stream of views', { status: 404 })
    for (const want of remove) {
      const live = this.#live.get(viewKey(want))
      if (live !== undefined) this.#leave(live, stream)
    }
    await this.#add(stream, add)
  }

  /** How many views are wanted, and by how many streams; for metrics. */
  get size(): { readonly views: number; readonly streams: number } {
    return { views: this.#live.size, streams: this.#streams.size }
  }

  #assertLoaded(): void {
    if (!this.#options.catalog.loaded) throw new MusterError('STORE_NO_LEADER', 'No cluster leader', { status: 500 })
  }

  async #add(stream: Stream, wants: readonly Want[]): Promise<void> {
    const { catalog, ready } = this.#options
    // The client has seen a higher index: this server lags, or the store was replaced and old indexes are meaningless.
    if (wants.some(({ index }) => index > catalog.revision)) await catalog.barrier().catch(() => undefined)
    for (const want of wants) {
      const live = this.#view(want)
      if (!live.streams.has(stream) && stream.views.size >= maxViews)
        throw new MusterError('CLUSTER_BUSY', `a stream may have ${maxViews} views`, { status: 429 })
      live.streams.add(stream)
      stream.views.add(live)
      if (live.line.length > 0 && (ready !== undefined || live.index > want.index || want.index > catalog.revision))
        stream.offer(live)
    }
  }

  #leave(live: Live, stream: Stream): void {
    live.streams.delete(stream)
    stream.views.delete(live)
    if (live.streams.size > 0) return
    this.#live.delete(viewKey(live.want))
    live.gone.abort()
  }

  #view({ kind, name }: Want): Live {
    const key = viewKey({ kind, name })
    const known = this.#live.get(key)
    if (known !== undefined) return known
    const live: Live = {
      want: { kind, name },
      streams: new Set(),
      gone: new AbortController(),
      line: Buffer.alloc(0),
      contentLength: 0,
      index: 0,
    }
    this.#live.set(key, live)
    const there = this.#options.ready?.(kind, name) ?? true
    void this.#follow(live, there === true ? this.#build(live) : undefined)
    return live
  }

  /** Builds a view as it is now. The topic is that of the state it was built from. */
  #build(live: Live): Topic {
    const { catalog } = this.#options
    const topic = topicOf(catalog, live.want)
    const content = Buffer.from(viewText(live.want, rowsOf(catalog, live.want)))
    if (content.equals(live.line.subarray(0, live.contentLength))) return topic
    live.line = Buffer.concat([content, Buffer.from(`,"index":${topic.index}}\n`)])
    live.contentLength = content.length
    live.index = topic.index
    return topic
  }

  async #follow(live: Live, first: Topic | undefined): Promise<void> {
    const { catalog, clock, ready } = this.#options
    const { signal } = live.gone
    const { kind, name } = live.want
    const pause = () =>
      new Promise<void>(resolve => {
        clock.after(coarseEvery, resolve)
      })
    let topic = first
    // Copy the index of this moment, since the topic's own index moves on.
    let after = first?.index
    while (!signal.aborted) {
      const asked = clock.monotonic()
      const moved =
        topic === undefined
        || (await catalog.wait(
          topic,
          after ?? topic.index,
          ready === undefined ? maxWait.own : maxWait.elsewhere,
          signal,
        ))
      const there = signal.aborted || ready === undefined || (await ready(kind, name))
      if (signal.aborted) return
      if (topic !== undefined && kind === 'address') await pause()
      if (there) {
        const before = live.line
        topic = this.#build(live)
        after = topic.index
        if (live.line !== before) for (const stream of live.streams) stream.offer(live)
      }
      // Pause, since waits end at once on a closed catalog, and a failed remote query may succeed later.
      if (!there || (!moved && clock.monotonic() - asked < coarseEvery)) await pause()
    }
  }
}

/** One agent's stream. */
class Stream {
  readonly views = new Set<Live>()
  readonly #sink: RpcSink
  readonly #waiting = new Set<Live>()
  #busy = false
  #closed = false

  constructor(sink: RpcSink) {
    this.#sink = sink
  }

  /** Sends a view, at once or when what was sent before has gone out. */
  offer(live: Live): void {
    this.#waiting.add(live)
    if (!this.#busy) void this.#send()
  }

  close(): void {
    this.#closed = true
    this.#waiting.clear()
  }

  async #send(): Promise<void> {
    this.#busy = true
    for (const live of this.#waiting) {
      this.#waiting.delete(live)
      if (this.#closed || !this.views.has(live)) continue
      if (!this.#sink.sendLine(live.line)) await this.#sink.drained()
    }
    this.#busy = false
  }
}
