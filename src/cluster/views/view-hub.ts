import type { CatalogReads, CatalogWrites, Topic } from '../../catalog/index.js'
import { MusterError } from '../../common/errors.js'
import type { Clock } from '../../common/clock.js'
import type { RpcServer, RpcSink } from '../rpc/types.js'
import { mostViews, readWants, viewKey, viewMethods, type Want } from './messages.js'
import { rowsOf, topicOf, viewText } from './view-rows.js'

/** What the hub works on. */
export interface ViewHubOptions {
  readonly catalog: CatalogReads & Pick<CatalogWrites, 'barrier'>
  readonly clock: Clock
}

/** Streams of one server: every client agent of a large datacenter, and servers of others. */
const mostStreams = 20_000
/** What moves with every write is looked at no oftener than this, in milliseconds. */
const coarseEvery = 1000
const longestWait = 600_000
const wantLimit = 8 * 1024 * 1024

/** A view that somebody wants, with its line as it was built last. However many want it, it is waited for and built once. */
interface Live {
  readonly want: Pick<Want, 'kind' | 'name'>
  readonly streams: Set<Stream>
  readonly gone: AbortController
  content: string
  text: string
  index: number
}

/**
 * Tells streams what views show, now and after each change: the server's side of `ViewStore`. A stream gets whole views, each at most once for a
 * change, and only the newest when it is slow.
 */
export class ViewHub {
  readonly #options: ViewHubOptions
  readonly #live = new Map<string, Live>()
  readonly #streams = new Map<string, Stream>()

  constructor(options: ViewHubOptions) {
    this.#options = options
  }

  /** Answers on both ports. */
  register(server: RpcServer): void {
    server.handleStream(viewMethods.stream, async (body, caller, sink) => {
      const { stream: id, add } = readWants(body)
      this.#assertLoaded()
      if (this.#streams.has(id)) throw new MusterError('CLUSTER_MESSAGE', 'there is a stream of that id', { status: 409 })
      if (this.#streams.size >= mostStreams) throw new MusterError('CLUSTER_BUSY', `${mostStreams} agents follow views here`, { status: 429 })
      const stream = new Stream(sink)
      this.#streams.set(id, stream)
      try {
        sink.send({ hello: id })
        await this.#add(stream, add)
        await new Promise<void>(resolve => {
          if (caller.aborted.aborted) resolve()
          else caller.aborted.addEventListener('abort', () => { resolve() }, { once: true })
        })
      } finally {
        this.#streams.delete(id)
        stream.close()
        for (const live of stream.views) this.#leave(live, stream)
      }
    }, { wan: true, bodyLimit: wantLimit })
    server.handle(viewMethods.want, async body => {
      const { stream: id, add, remove } = readWants(body)
      const stream = this.#streams.get(id)
      if (stream === undefined) throw new MusterError('CLUSTER_UNKNOWN_STREAM', 'there is no such stream of views', { status: 404 })
      for (const want of remove) {
        const live = this.#live.get(viewKey(want))
        if (live !== undefined) this.#leave(live, stream)
      }
      await this.#add(stream, add)
      return {}
    }, { wan: true, bodyLimit: wantLimit })
  }

  /** How many views are wanted, and by how many streams; for metrics. */
  get size(): { readonly views: number; readonly streams: number } {
    return { views: this.#live.size, streams: this.#streams.size }
  }

  #assertLoaded(): void {
    if (!this.#options.catalog.loaded) throw new MusterError('STORE_NO_LEADER', 'No cluster leader', { status: 500 })
  }

  async #add(stream: Stream, wants: readonly Want[]): Promise<void> {
    const { catalog } = this.#options
    // Someone has seen more than this server: it is behind, or the store began anew and indexes mean nothing.
    if (wants.some(({ index }) => index > catalog.revision)) await catalog.barrier().catch(() => undefined)
    for (const want of wants) {
      const live = this.#view(want)
      if (!live.streams.has(stream) && stream.views.size >= mostViews) throw new MusterError('CLUSTER_BUSY', `a stream may have ${mostViews} views`, { status: 429 })
      live.streams.add(stream)
      stream.views.add(live)
      if (live.index > want.index || want.index > catalog.revision) stream.offer(live)
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
    const live: Live = { want: { kind, name }, streams: new Set(), gone: new AbortController(), content: '', text: '', index: 0 }
    this.#live.set(key, live)
    const topic = this.#build(live)
    void this.#follow(live, topic)
    return live
  }

  /** Builds a view as it is now. The topic is that of the state it was built from. */
  #build(live: Live): Topic {
    const { catalog } = this.#options
    const topic = topicOf(catalog, live.want)
    const rows = rowsOf(catalog, live.want)
    const content = viewText(live.want, rows, 0)
    if (content === live.content) return topic
    live.content = content
    live.index = topic.index
    live.text = viewText(live.want, rows, topic.index)
    return topic
  }

  async #follow(live: Live, first: Topic): Promise<void> {
    const { catalog, clock } = this.#options
    let topic = first
    let after = first.index
    while (!live.gone.signal.aborted) {
      const moved = await catalog.wait(topic, after, longestWait, live.gone.signal)
      if (live.gone.signal.aborted) return
      if (live.want.kind === 'address') await new Promise<void>(resolve => { clock.after(coarseEvery, resolve) })
      const before = live.index
      topic = this.#build(live)
      after = topic.index
      if (live.index !== before) for (const stream of live.streams) stream.offer(live)
      // A catalog that was closed ends every wait at once.
      if (!moved) await new Promise<void>(resolve => { clock.after(coarseEvery, resolve) })
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
      if (!this.#sink.sendText(live.text)) await this.#sink.drained()
    }
    this.#busy = false
  }
}
