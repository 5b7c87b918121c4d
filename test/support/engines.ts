import path from 'node:path'
import type { Test } from 'tap'
import type { Clock } from '../../src/common/clock.js'
import { openEtcdStore, openLmdbStore, openMemoryStore, type Store } from '../../src/store/index.js'
import { startEtcd, type TestEtcd } from './etcd.js'
import { temporaryDirectory } from './temporary-directory.js'

/** A kind of store that a property is to hold on. */
export interface Engine {
  readonly name: 'memory' | 'lmdb' | 'etcd'
  /** Its leases lapse with the clock that it is given. Those of etcd lapse with real time. */
  readonly clocked: boolean
  /** How often a property is tried here, of `most` times in memory: a write to a disk takes its time. */
  runs(most: number): number
  /** An empty store; who opens it closes it. */
  open(clock: Clock): Promise<Store>
}

/** A store, and what was written to it: etcd counts revisions for work of its own, too. */
export interface Counted {
  readonly store: Store
  /** How many transactions were accepted that write anything. */
  commits: number
  /** That of the last one. */
  revision: number
}

/** Counts the transactions of a store from now on. */
export function counted(store: Store): Counted {
  const count: Counted = { store, commits: 0, revision: 0 }
  const commit = store.commit.bind(store)
  store.commit = async transaction => {
    const committed = await commit(transaction)
    if (committed.ok && transaction.then.length > 0)
      Object.assign(count, { commits: count.commits + 1, revision: committed.revision })
    return committed
  }
  return count
}

/** Every kind of store. The end of the test removes what they kept. */
export function engines(t: Test): readonly Engine[] {
  let [directory, opened] = ['', 0]
  let etcd: Promise<TestEtcd> | undefined
  const few = (most: number): number => Math.ceil(most / 10)
  return [
    { name: 'memory', clocked: true, runs: most => most, open: clock => Promise.resolve(openMemoryStore({ clock })) },
    {
      name: 'lmdb',
      clocked: true,
      runs: few,
      open: clock => {
        directory ||= temporaryDirectory(t)
        return openLmdbStore({ directory: path.join(directory, String(opened++)), clock })
      },
    },
    {
      name: 'etcd',
      clocked: false,
      runs: few,
      open: async () => {
        etcd ??= startEtcd(t)
        return openEtcdStore({ connection: { endpoints: [(await etcd).socket] }, prefix: `${opened++}/` })
      },
    },
  ]
}
