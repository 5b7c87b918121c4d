import type { Test } from 'tap'
import { MusterError } from '../../src/common/errors.js'
import { openEtcdStore, revision } from '../../src/store/index.js'
import type { EtcdStoreEvent, EtcdStoreOptions, Store } from '../../src/store/index.js'
import type { TestEtcd } from '../support/etcd.js'
import { Follower, plain } from './model.js'
import { rmSync } from 'node:fs'

/** A store, and what it reported. */
export interface Opened {
  readonly store: Store
  readonly events: EtcdStoreEvent[]
}

/** A store of prefix `m/` that the end of the test closes. */
export function opened(t: Test, endpoints: readonly string[], options: Partial<EtcdStoreOptions> = {}): Opened {
  const events: EtcdStoreEvent[] = []
  const store = openEtcdStore({
    connection: { endpoints },
    prefix: 'm/',
    report: event => {
      events.push(event)
    },
    ...options,
  })
  t.teardown(() => store.close())
  return { store, events }
}

/** Loads a store and follows it from there. */
export async function following(store: Store): Promise<Follower> {
  const follower = new Follower(await store.load())
  store.watch(revision(follower.revision), follower.on)
  return follower
}

/** What a store reads anew. */
export const standing = async (store: Store): Promise<unknown[]> => plain((await store.load()).entries)

/** Kills an etcd and starts it again. Its socket stays behind, and would be in its way. */
export async function revived(etcd: TestEtcd): Promise<TestEtcd> {
  await etcd.stop('SIGKILL')
  rmSync(etcd.socket.replace('unix://', ''), { force: true })
  return etcd.restart()
}

/** The code of an error that a store rejected with. */
export const codeOf = (reason: unknown): string => (reason instanceof MusterError ? reason.code : String(reason))
