import { randomUUID } from 'node:crypto'
import type { ViewKind } from '../../../catalog/index.js'
import type { Clock, Timer } from '../../../common/clock.js'
import { MusterError, errorMessage } from '../../../common/errors.js'
import { fieldsOf } from '../../../common/plain-data.js'
import { retryDelay } from '../../../common/retry-delay.js'
import type { Logger } from '../../../telemetry/index.js'
import type { Candidates } from '../upstreams.js'
import type { RpcClient } from '../../../rpc/index.js'
import { readUpdate, viewKey, viewMethods, type Want, type Wants } from './view-messages.js'
import { ViewStore } from './view-store.js'

/** What views are opened with. */
export interface ViewsOptions {
  readonly rpc: Pick<RpcClient, 'call' | 'stream'>
  /** The servers whose views they are: LAN addresses of this datacenter's, or WAN addresses of another's. */
  readonly servers: Candidates
  /** The datacenter whose views the servers are asked for, when it is not their own. */
  readonly datacenter?: string
  readonly clock: Clock
  readonly log: Logger
  /** Most views kept at a time; 16,384 unless given. */
  readonly maxViews?: number
}

/**
 * Live views of single services and nodes, as far as somebody has asked for them lately. They stay, as they were last,
 * while no server can be reached.
 */
export interface Views {
  /** For a catalog to be opened on. */
  readonly store: ViewStore
  /**
   * True when the view is there to answer from. Otherwise it is asked for, and the promise resolves with true once it
   * is there, false when it could not be had in time.
   */
  ready(kind: ViewKind, name: string): true | Promise<boolean>
  /**
   * Milliseconds since the views were known to be as new as a server's; 0 while a stream is open or nothing is wanted.
   */
  age(): number
  readonly size: number
  close(): void
}

/**
 * Milliseconds. An empty view is kept long enough for an answer that was kept to end before it; one that is used is
 * looked up once a minute at least.
 */
const lifetime = { used: 600_000, empty: 120_000, sweep: 15_000 }
/** How long a first question waits for its view, in ms: within the timeoutMs of resolvers. */
const timeoutMs = 2000
const retryMs = { min: 100, max: 3000 }

/** Opens views; nothing is asked before the first {@link Views.ready}. */
export const openViews = (options: ViewsOptions): Views => new LiveViews(options)

interface View {
  readonly kind: ViewKind
  readonly name: string
  index: number
  /** Whether the view has received its content. */
  known: boolean
  empty: boolean
  used: number
  waiters: ((there: boolean) => void)[]
}

class LiveViews implements Views {
  readonly store = new ViewStore()
  readonly #options: ViewsOptions
  readonly #maxViews: number
  /** In the order of their last use, by and large: those looked up recently are moved to the end by the sweep. */
  readonly #views = new Map<string, View>()
  readonly #closing = new AbortController()
  #add: View[] = []
  #remove: Want[] = []
  #stream: { readonly id: string; readonly address: string; readonly end: AbortController; open: boolean } | undefined
  #running = false
  #flushing = false
  #failures = 0
  #tried = -Infinity
  #lost: number | undefined
  #sweeper: Timer | undefined
  #wake: (() => void) | undefined

  constructor(options: ViewsOptions) {
    this.#options = options
    this.#maxViews = options.maxViews ?? 16_384
  }

  get size(): number {
    return this.#views.size
  }

  ready(kind: ViewKind, name: string): true | Promise<boolean> {
    const key = viewKey({ kind, name })
    const now = this.#options.clock.monotonic()
    let view = this.#views.get(key)
    if (view === undefined) {
      view = { kind, name, index: 0, known: false, empty: true, used: now, waiters: [] }
      if (this.#views.size >= this.#maxViews) this.#dropOldest()
      this.#views.set(key, view)
      this.#add.push(view)
      this.#work()
    }
    view.used = now
    return view.known ? true : this.#wait(view)
  }

  age(): number {
    return this.#lost === undefined ? 0 : this.#options.clock.monotonic() - this.#lost
  }

  close(): void {
    this.#closing.abort()
    this.#sweeper?.cancel()
    this.#stream?.end.abort()
    this.#wake?.()
    for (const view of this.#views.values()) this.#settle(view, false)
  }

  #wait(view: View): Promise<boolean> {
    const { servers, clock } = this.#options
    if (this.#closing.signal.aborted || servers.addresses().length === 0) return Promise.resolve(false)
    return new Promise(resolve => {
      const timer = clock.after(timeoutMs, () => {
        resolve(false)
      })
      view.waiters.push(there => {
        timer.cancel()
        resolve(there)
      })
      // A new query triggers an attempt before the retry delay is over, but not more often than the minimum delay.
      if (clock.monotonic() - this.#tried >= retryMs.min) this.#wake?.()
    })
  }

  #settle(view: View, there: boolean): void {
    const waiters = view.waiters
    view.waiters = []
    for (const tell of waiters) tell(there)
  }

  /** Opens the stream if needed, and sends the wanted views. */
  #work(): void {
    this.#sweeper ??= this.#options.clock.after(lifetime.sweep, () => {
      this.#sweep()
    })
    if (!this.#running) void this.#run()
    else if (this.#stream?.open === true && !this.#flushing) void this.#flush()
  }

  async #run(): Promise<void> {
    this.#running = true
    while (!this.#closing.signal.aborted && this.#views.size > 0) {
      const addresses = this.#options.servers.addresses()
      for (const address of addresses) {
        if (this.#closing.signal.aborted || (await this.#follow(address))) break
      }
      this.#tried = this.#options.clock.monotonic()
      if (this.#stream === undefined) this.#lost ??= this.#options.clock.monotonic()
      for (const view of this.#views.values()) if (!view.known) this.#settle(view, false)
      await this.#pause(retryDelay(retryMs, ++this.#failures))
    }
    this.#running = false
  }

  /** One stream, to its end. Resolves whether it was ever open. */
  async #follow(address: string): Promise<boolean> {
    const { rpc, servers, log } = this.#options
    const end = new AbortController()
    const stream = { id: randomUUID(), address, end, open: false }
    this.#stream = stream
    this.#add = []
    this.#remove = []
    const silence = this.#options.clock.after(timeoutMs, () => {
      if (!stream.open) end.abort()
    })
    try {
      const add = [...this.#views.values()].map(({ kind, name, index }) => ({ kind, name, index }))
      await rpc.stream(
        address,
        viewMethods.stream,
        this.#wants(stream.id, add, []),
        value => {
          this.#take(stream, value)
        },
        end.signal,
      )
    } catch (error) {
      if (!this.#closing.signal.aborted) {
        log.debug('the stream of views ended', { server: address, error: errorMessage(error) })
        if (!stream.open || (error instanceof MusterError && error.code === 'CLUSTER_UNREACHABLE'))
          servers.failed?.(address)
      }
    } finally {
      silence.cancel()
      this.#stream = undefined
    }
    return stream.open
  }

  #take(stream: { open: boolean }, value: unknown): void {
    if (!stream.open) {
      stream.open = true
      this.#failures = 0
      this.#lost = undefined
      this.#work()
    }
    if ('hello' in fieldsOf(value)) return
    const update = readUpdate(value)
    const view = this.#views.get(viewKey(update))
    if (view === undefined) return
    view.index = update.index
    view.known = true
    view.empty = update.rows.length === 0
    this.store.show(view, update.rows)
    this.#settle(view, true)
  }

  /** Tells the server what has come to be wanted, and what is not any more, since it was told last. */
  async #flush(): Promise<void> {
    const stream = this.#stream
    if (stream?.open !== true || this.#flushing) return
    this.#flushing = true
    // Send all requests of one turn together.
    await Promise.resolve()
    while (this.#add.length + this.#remove.length > 0 && this.#stream === stream) {
      const add = this.#add.map(({ kind, name, index }) => ({ kind, name, index }))
      const remove = this.#remove
      this.#add = []
      this.#remove = []
      try {
        await this.#options.rpc.call(stream.address, viewMethods.want, this.#wants(stream.id, add, remove))
      } catch (error) {
        this.#options.log.debug('views could not be asked for', { server: stream.address, error: errorMessage(error) })
        // The next stream requests all wanted views anyway.
        stream.end.abort()
        break
      }
    }
    this.#flushing = false
    // Requests that came while an old stream ended go to the new one.
    if (this.#add.length + this.#remove.length > 0 && this.#stream?.open === true) void this.#flush()
  }

  #wants(stream: string, add: readonly Want[], remove: readonly Want[]): Partial<Wants> {
    const { datacenter } = this.#options
    return { stream, add, remove, ...(datacenter !== undefined && { datacenter }) }
  }

  #pause(ms: number): Promise<void> {
    return new Promise(resolve => {
      const timer = this.#options.clock.after(ms, () => {
        this.#wake?.()
      })
      this.#wake = () => {
        this.#wake = undefined
        timer.cancel()
        resolve()
      }
      if (this.#closing.signal.aborted) this.#wake()
    })
  }

  /** Drops views that were not used for long. All are kept while no server can be reached. */
  #sweep(): void {
    this.#sweeper = undefined
    const now = this.#options.clock.monotonic()
    for (const view of [...this.#views.values()]) {
      const idle = now - view.used
      if (this.#stream?.open === true && idle > (view.empty ? lifetime.empty : lifetime.used)) this.#drop(view)
      else if (idle < lifetime.sweep) {
        this.#views.delete(viewKey(view))
        this.#views.set(viewKey(view), view)
      }
    }
    if (this.#views.size > 0)
      this.#sweeper = this.#options.clock.after(lifetime.sweep, () => {
        this.#sweep()
      })
    else this.#stream?.end.abort()
    if (this.#remove.length > 0) this.#work()
  }

  #dropOldest(): void {
    // Drop empty views first: made-up names are looked up only once.
    const some = [...this.#views.values()].slice(0, 64)
    const oldest = some.find(({ empty, known }) => empty && known) ?? some[0]
    if (oldest !== undefined) this.#drop(oldest)
  }

  #drop(view: View): void {
    this.#views.delete(viewKey(view))
    this.#add = this.#add.filter(one => one !== view)
    this.#remove.push({ kind: view.kind, name: view.name, index: 0 })
    this.#settle(view, false)
    this.store.drop(view)
  }
}
