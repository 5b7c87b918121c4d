import type { Snapshot, Store } from '../../store/index.js'

/** Limits of one transaction while importing: well below what etcd takes. */
const maxPerTransaction = { writes: 100, bytes: 512 * 1024 }

/**
 * Writes every entry of a snapshot into a store that holds nothing yet. Groups of keys go in one after the other:
 * nobody reads the store before all of them are in, and where that is interrupted it begins again in a fresh store.
 * Resolves with the number of entries.
 */
export async function importSnapshot({ entries }: Snapshot, store: Store): Promise<number> {
  for (let at = 0; at < entries.length;) {
    const from = at
    let bytes = 0
    for (; at < entries.length && at - from < maxPerTransaction.writes; at++) {
      const size = (entries[at]?.key.length ?? 0) + (entries[at]?.value.length ?? 0)
      if (at > from && bytes + size > maxPerTransaction.bytes) break
      bytes += size
    }
    await store.commit({
      when: [],
      then: entries.slice(from, at).map(({ key, value }) => ({ kind: 'put', key, value })),
    })
  }
  return entries.length
}
