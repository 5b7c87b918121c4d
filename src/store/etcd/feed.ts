import { changeRevision, WatchHub } from '../watch-hub.js'
import type { HistoryLimits } from '../watch-hub.js'
import { revision } from '../store.js'
import type { Change, Snapshot } from '../store.js'
import { Pauses } from './caller.js'
import type { Caller } from './caller.js'
import type { Stream } from './channel.js'
import { detailsOf, isConnectionFault } from './failures.js'
import type { Keyspace } from './keyspace.js'
import { load } from './load.js'
import { eventType } from './etcd-messages.js'
import type { WatchRequest, WatchResponse } from './etcd-messages.js'
import { Reached } from './reached.js'
import { methods } from './methods.js'

/** How a stream ended: what was compacted, or what went wrong. */
type Ended = { readonly compacted: number } | { readonly fault: unknown }

/**
 * What happens under the prefix, in order and without a gap: one watch of etcd's, taken up again where it was after it
 * breaks, and a fresh load and its difference where history has been compacted away. Knows every key's revision for
 * that.
 */
export class Feed {
  readonly hub: WatchHub
  readonly reached: Reached
  readonly #caller: Caller
  readonly #keys: Keyspace
  /** When each key was last modified. */
  readonly #index = new Map<string, number>()
  /**
   * Milliseconds of silence after which etcd is asked for a sign of life; as many again without one, and the watch is
   * made again.
   */
  readonly #silence: number
  #stream: Stream<WatchRequest> | undefined
  #endStream: ((ended: Ended) => void) | undefined
  #heard = 0
  #pieces: WatchResponse['events'][] = []
  #lost = false
  #progress: ((revision: number) => void)[] = []

  constructor(
    caller: Caller,
    keys: Keyspace,
    snapshot: Snapshot,
    options: { readonly history?: HistoryLimits | undefined; readonly silence: number },
  ) {
    this.#caller = caller
    this.#keys = keys
    this.#silence = options.silence
    this.reached = new Reached(snapshot.revision)
    this.hub = new WatchHub(
      snapshot.revision,
      async (after, at) => (await load(caller, keys, { after, at })).entries,
      options.history,
    )
    for (const { key, modified } of snapshot.entries) this.#index.set(key, modified)
    void this.#run()
  }

  /** Whether a key was put or deleted after a revision, as far as the feed has come. */
  changedAfter(key: string, after: number): boolean {
    const modified = this.#index.get(key)
    return modified === undefined ? (this.hub.deletedAt(key) ?? 0) > after : modified > after
  }

  /** Takes the watch up again, since it may be stuck. */
  restart(): void {
    this.#endStream?.({ fault: new Error('it fell behind') })
  }

  /**
   * Asks etcd how far the watch has come, without needing a write. The answer may run ahead of changes that are still
   * on their way.
   */
  progress(): Promise<number> {
    return new Promise(resolve => {
      this.#progress.push(resolve)
      this.#stream?.write({ progressRequest: {} })
    })
  }

  close(): void {
    this.#endStream?.({ fault: undefined })
    this.reached.close()
    this.hub.close()
  }

  async #run(): Promise<void> {
    const pauses = new Pauses()
    while (!this.#caller.closed) {
      const endpoint = this.#caller.channel.endpoint
      const before = this.reached.revision
      const ended = await this.#follow()
      if (this.#caller.closed) return
      try {
        if ('compacted' in ended) await this.#reload(ended.compacted)
        else {
          this.#noteLoss(ended.fault)
          if (isConnectionFault(ended.fault)) this.#caller.channel.leave(endpoint)
        }
      } catch (fault) {
        this.#noteLoss(fault)
      }
      if (this.reached.revision > before) pauses.reset()
      await this.#caller.pause(pauses.next())
    }
  }

  /** Watches from where it is until the stream ends. */
  async #follow(): Promise<Ended> {
    const ended = new Promise<Ended>(resolve => {
      this.#endStream = resolve
    })
    this.#pieces = []
    this.#heard = this.#caller.clock.monotonic()
    try {
      const stream = await this.#caller.channel.stream(
        methods.watch,
        {
          data: response => {
            this.#take(response)
          },
          end: fault => {
            this.#endStream?.({ fault: fault ?? new Error('etcd closed it') })
          },
        },
        { timeout: this.#silence },
      )
      this.#stream = stream
      stream.write({
        createRequest: {
          ...this.#keys.all,
          startRevision: this.reached.revision + 1,
          progressNotify: true,
          fragment: true,
        },
      })
      for (const _ of this.#progress) stream.write({ progressRequest: {} })
      const watchdog = this.#guard(stream)
      const result = await ended
      watchdog.cancel()
      stream.close()
      return result
    } catch (fault) {
      return { fault }
    } finally {
      this.#stream = undefined
      this.#endStream = undefined
    }
  }

  #guard(stream: Stream<WatchRequest>): { cancel(): void } {
    let asked = false
    let timer = this.#caller.clock.after(this.#silence / 2, () => {
      look()
    })
    const look = (): void => {
      const silent = this.#caller.clock.monotonic() - this.#heard
      if (silent >= 2 * this.#silence) {
        this.#endStream?.({ fault: new Error(`nothing heard for ${silent} ms`) })
        return
      }
      if (silent < this.#silence) asked = false
      else if (!asked) {
        asked = true
        stream.write({ progressRequest: {} })
      }
      timer = this.#caller.clock.after(this.#silence / 2, look)
    }
    return {
      cancel: () => {
        timer.cancel()
      },
    }
  }

  #take(response: WatchResponse): void {
    this.#heard = this.#caller.clock.monotonic()
    this.#caller.sawTerm(response.header.raftTerm)
    if (response.canceled) {
      this.#endStream?.(
        response.compactRevision > 0
          ? { compacted: response.compactRevision }
          : { fault: new Error(response.cancelReason) },
      )
      return
    }
    if (response.watchId < 0) {
      for (const resolve of this.#progress.splice(0)) resolve(response.header.revision)
      return
    }
    if (this.#lost) {
      this.#lost = false
      this.#caller.report({ kind: 'resumed', message: 'changes of the store are followed again' })
    }
    if (response.created) return
    if (response.fragment) {
      this.#pieces.push(response.events)
      return
    }
    const events = this.#pieces.length === 0 ? response.events : [...this.#pieces.splice(0), response.events].flat()
    const last = events.at(-1)
    // A response without events is a progress notification: the watch has delivered everything up to this revision.
    if (last === undefined) this.reached.advance(response.header.revision)
    else
      this.#publish(
        events.flatMap(event => this.#change(event) ?? []),
        last.kv.modRevision,
      )
  }

  #change({ type, kv }: WatchResponse['events'][number]): Change | undefined {
    const key = this.#keys.read(kv.key)
    // Skip revisions that were already delivered, in case a stream repeats them.
    if (key === undefined || kv.modRevision <= this.reached.revision) return undefined
    return type === eventType.delete
      ? { kind: 'delete', key, revision: revision(kv.modRevision) }
      : { kind: 'put', entry: this.#keys.entry(key, kv) }
  }

  #publish(changes: readonly Change[], reached: number): void {
    for (const change of changes) {
      if (change.kind === 'put') this.#index.set(change.entry.key, change.entry.modified)
      else this.#index.delete(change.key)
    }
    const last = changes.at(-1)
    if (last !== undefined) this.hub.publish({ revision: changeRevision(last), changes })
    this.reached.advance(reached)
  }

  /** Catches up from the current state: reports keys written since, and keys that no longer exist. */
  async #reload(compacted: number): Promise<void> {
    this.#caller.report({
      kind: 'compacted',
      message: `etcd has compacted its history to revision ${compacted} before it was read; loading afresh`,
    })
    const snapshot = await load(this.#caller, this.#keys)
    const standing = new Set<string>()
    const changes: Change[] = []
    for (const entry of snapshot.entries) {
      standing.add(entry.key)
      if (entry.modified > (this.#index.get(entry.key) ?? 0)) changes.push({ kind: 'put', entry })
    }
    changes.sort((a, b) => changeRevision(a) - changeRevision(b))
    for (const key of this.#index.keys())
      if (!standing.has(key)) changes.push({ kind: 'delete', key, revision: snapshot.revision })
    this.#publish(changes, snapshot.revision)
  }

  #noteLoss(fault: unknown): void {
    if (this.#lost) return
    this.#lost = true
    this.#caller.report({
      kind: 'lost',
      message: `changes of the store cannot be followed for now: ${detailsOf(fault)}`,
    })
  }
}
