import type { Batch, Store, Subscription } from '../../../src/store/index.js'

/**
 * A store whose watchers hear of changes some turns of the event loop later than they happen, as a server far from the
 * leader does.
 */
export function laggingStore(store: Store, turns: () => number): Store {
  return {
    load: () => store.load(),
    commit: transaction => store.commit(transaction),
    barrier: () => store.barrier(),
    lease: ttl => store.lease(ttl),
    resumeLease: (id, ttl) => store.resumeLease(id, ttl),
    status: () => store.status(),
    close: () => store.close(),
    watch: (after, on): Subscription => {
      let tail = Promise.resolve()
      let closed = false
      const deliver = async (batch: Batch): Promise<void> => {
        for (let left = turns(); left > 0; left--)
          await new Promise(resolve => {
            setImmediate(resolve)
          })
        if (!closed) on(batch)
      }
      const subscription = store.watch(after, batch => {
        tail = tail.then(() => deliver(batch))
      })
      return {
        close: () => {
          closed = true
          subscription.close()
        },
      }
    },
  }
}
