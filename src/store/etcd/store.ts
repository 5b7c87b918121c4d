import { randomUUID } from 'node:crypto'
import { systemClock } from '../../common/clock.js'
import type { Clock } from '../../common/clock.js'
import { milliseconds } from '../../common/duration.js'
import type { Duration } from '../../common/duration.js'
import { compacted, storeClosed } from '../errors.js'
import { revision } from '../store.js'
import type {
  Batch,
  Committed,
  Lease,
  LeaseId,
  Revision,
  Snapshot,
  Store,
  StoreStatus,
  Subscription,
  Transaction,
} from '../store.js'
import type { HistoryLimits } from '../watch-hub.js'
import { openEtcdAdmin } from './admin.js'
import { Barrier } from './barrier.js'
import { Caller } from './caller.js'
import type { EtcdStoreEvent } from './caller.js'
import { EtcdChannel } from './channel.js'
import { noLeader } from './failures.js'
import { Feed } from './feed.js'
import { Fence } from './fence.js'
import { Groups } from './groups.js'
import { Keyspace } from './keyspace.js'
import { EtcdLeases } from './leases.js'
import { load } from './load.js'
import { Settle } from './settle.js'
import type { EtcdAdmin, EtcdConnection } from './types.js'

export interface EtcdStoreOptions {
  readonly connection: EtcdConnection
  /**
   * Before every key, so that several clusters can share an etcd; ends with `/` by custom. Keys without it are never
   * seen.
   */
  readonly prefix: string
  /**
   * Names this writer among those of the same prefix, such as a node's id; one that is running must be the only one of
   * its name.
   */
  readonly instance?: string
  readonly clock?: Clock
  /** How long a call waits for a leader; default 7 seconds. `load` waits without end. */
  readonly holdTimeout?: Duration
  /** Silence of the watch after which etcd is asked for a sign of life; default 5 seconds. */
  readonly silence?: Duration
  /** Gets what people may want to know: the watch lost and found, the quota used up. */
  readonly report?: (event: EtcdStoreEvent) => void
  readonly history?: HistoryLimits
}

/**
 * A store in an etcd of one or several members. It connects with the first call, of which `load` should be the first;
 * before that a watch is refused as STORE_COMPACTED. Without a quorum `load` waits, all others reject with
 * STORE_NO_LEADER after the hold time.
 */
export const openEtcdStore = (options: EtcdStoreOptions): Store => new EtcdStore(options)

/** What there is once the first load is done. */
interface Parts {
  readonly feed: Feed
  readonly groups: Groups
  readonly leases: EtcdLeases
  readonly barrier: Barrier
}

class EtcdStore implements Store {
  readonly #caller: Caller
  readonly #keys: Keyspace
  readonly #options: EtcdStoreOptions
  readonly #admin: EtcdAdmin
  #parts: Parts | undefined
  #beginning: Promise<Snapshot> | undefined
  #closing: Promise<void> | undefined
  /** Calls that came before the first load was done. */
  readonly #entering = new Set<Promise<Parts>>()

  constructor(options: EtcdStoreOptions) {
    this.#options = options
    this.#keys = new Keyspace(options.prefix)
    this.#admin = openEtcdAdmin(options.connection, { timeout: milliseconds(2000) })
    this.#caller = new Caller({
      channel: new EtcdChannel(options.connection),
      clock: options.clock ?? systemClock,
      hold: options.holdTimeout ?? 7000,
      report: options.report ?? (() => undefined),
    })
  }

  async load({ local = false }: { readonly local?: boolean } = {}): Promise<Snapshot> {
    if (this.#closing !== undefined) throw storeClosed()
    if (this.#beginning === undefined) return await this.#begin()
    await this.#beginning
    return local
      ? await load(this.#caller, this.#keys, { local })
      : await load(this.#caller, this.#keys, { hold: Infinity })
  }

  /** @throws MusterError STORE_CLOSED, or STORE_COMPACTED for a time before the first load. */
  watch(after: Revision, on: (batch: Batch) => void): Subscription {
    if (this.#closing !== undefined) throw storeClosed()
    if (this.#parts === undefined) throw compacted(after, after)
    const watcher = this.#parts.feed.hub.add(after, on)
    // Catch up asynchronously: callers do not expect a callback before `watch` has returned.
    if (watcher.behind)
      setImmediate(() => {
        watcher.catchUp()
      })
    return watcher
  }

  async commit(transaction: Transaction): Promise<Committed> {
    if (this.#closing !== undefined) throw storeClosed()
    return await (this.#parts ?? (await this.#ready())).groups.submit(transaction)
  }

  async barrier(): Promise<Revision> {
    if (this.#closing !== undefined) throw storeClosed()
    return await (this.#parts ?? (await this.#ready())).barrier.pass()
  }

  async lease(ttl: Duration): Promise<Lease> {
    if (this.#closing !== undefined) throw storeClosed()
    return await (this.#parts ?? (await this.#ready())).leases.grant(ttl)
  }

  resumeLease(id: LeaseId, ttl: Duration): Lease {
    const handle = async (): Promise<Lease> => (this.#parts ?? (await this.#ready())).leases.handle(id, ttl)
    return {
      id,
      ttl,
      keepAlive: async () => {
        await (await handle()).keepAlive()
      },
      revoke: async () => {
        await (await handle()).revoke()
      },
    }
  }

  /** Answered by the member that the store is connected to, without a quorum. */
  async status(): Promise<StoreStatus> {
    if (this.#closing !== undefined) throw storeClosed()
    const [status, members] = await Promise.all([this.#admin.status(), this.#admin.members(false)])
    return {
      engine: 'etcd',
      writable: status.leader !== '' && !status.alarms.includes('NOSPACE') && this.#parts?.groups.full !== true,
      revision: this.#parts?.feed.hub.revision ?? revision(1),
      term: status.term,
      members: members.map(({ id, name, peerUrls }) => ({
        id: name === '' ? id : name,
        address: peerUrls[0]?.replace(/^https?:\/\//, '') ?? '',
        leader: id === status.leader,
      })),
    }
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#entering)
    await this.#parts?.groups.close()
    this.#caller.closed = true
    this.#parts?.feed.close()
    this.#parts?.leases.close()
    this.#caller.channel.close()
    this.#admin.close()
  }

  /** Loads, and follows from there on. */
  #begin(): Promise<Snapshot> {
    return (this.#beginning ??= load(this.#caller, this.#keys, { hold: Infinity })
      .then(snapshot => {
        this.#parts = this.#build(snapshot)
        // Keep no reference to the snapshot, so that its memory is freed after use.
        this.#beginning = Promise.resolve({ revision: snapshot.revision, entries: [] })
        return snapshot
      })
      .catch((fault: unknown) => {
        this.#beginning = undefined
        throw fault
      }))
  }

  #build(snapshot: Snapshot): Parts {
    const [caller, keys] = [this.#caller, this.#keys]
    const feed = new Feed(caller, keys, snapshot, {
      history: this.#options.history,
      silence: this.#options.silence ?? 5000,
    })
    const settle = new Settle(caller, feed, keys)
    const fence = new Fence(caller, keys, this.#options.instance ?? randomUUID())
    return {
      feed,
      groups: new Groups({ caller, keys, feed, settle, fence }),
      leases: new EtcdLeases(caller, settle),
      barrier: new Barrier({ caller, feed, settle, keys }),
    }
  }

  #ready(): Promise<Parts> {
    const entering = this.#enter().finally(() => {
      this.#entering.delete(entering)
    })
    this.#entering.add(entering)
    return entering
  }

  /** The parts of the store, once it is open; waits a limited time. @throws MusterError STORE_NO_LEADER */
  async #enter(): Promise<Parts> {
    const begun = this.#begin()
    const late = this.#caller.pause(this.#caller.hold).then(() => {
      throw noLeader(new Error('no answer to the first load'))
    })
    late.catch(() => undefined)
    await Promise.race([begun, late])
    if (this.#parts === undefined) throw storeClosed()
    return this.#parts
  }
}
