import { compareText } from '../common/text-order.js'
import { EmbeddedStore } from './embedded.js'
import type { EmbeddedOptions, Engine } from './embedded.js'
import { revision } from './store.js'
import type { Entry, Store } from './store.js'

/**
 * A store in memory: `agent -dev`, and the twin that everyone else's tests run on. Nothing survives the process.
 * The bytes of a committed value belong to the store: the caller must not change them afterwards.
 */
export function openMemoryStore(options: EmbeddedOptions = {}): Store {
  // Revision 1 is the empty store, as in etcd: an index is never 0.
  return new EmbeddedStore({ engine: memoryEngine(), revision: revision(1), keys: [], leases: new Map() }, options)
}

function memoryEngine(): Engine {
  const held = new Map<string, Entry>()
  return {
    name: 'memory',
    entries: after =>
      [...held.values()].filter(entry => entry.modified > after).sort((a, b) => compareText(a.key, b.key)),
    write: finals => {
      for (const [key, final] of finals) {
        if (final === undefined) held.delete(key)
        else held.set(key, { key, value: final.value, created: final.state.created, modified: final.state.modified })
      }
      return Promise.resolve()
    },
    fault: () => undefined,
    close: () => {
      held.clear()
      return Promise.resolve()
    },
  }
}
