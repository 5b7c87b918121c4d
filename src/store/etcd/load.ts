import { revision } from '../store.js'
import type { Entry, Snapshot } from '../store.js'
import type { Caller } from './caller.js'
import { isCompacted, refused } from './failures.js'
import type { Keyspace } from './keyspace.js'
import { MusterError } from '../../common/errors.js'
import { methods } from './methods.js'

/** Keys of one page: large enough to need few, small enough to keep a page of large values out of trouble. */
const page = 2000

/** Milliseconds that a page may take: it may hold hundreds of megabytes. */
const timeoutMs = 30_000

/** What of the entries, and how. */
interface Wanted {
  readonly after?: number
  readonly at?: number
  readonly hold?: number
  /** From the member that is asked, as far as it knows, with or without a leader. */
  readonly local?: boolean
}

/**
 * All entries that were modified after a revision (0: all), at one revision: `at`, or the newest.
 * @throws MusterError STORE_COMPACTED when `at` is no longer there
 */
export async function load(caller: Caller, keys: Keyspace, wanted: Wanted = {}): Promise<Snapshot> {
  for (;;) {
    try {
      return await loadOnce(caller, keys, wanted)
    } catch (fault) {
      // The revision may be compacted between two pages; then start again from the first page.
      if ((wanted.at ?? 0) !== 0 || !(fault instanceof MusterError) || fault.code !== 'STORE_COMPACTED') throw fault
    }
  }
}

async function loadOnce(
  caller: Caller,
  keys: Keyspace,
  { after = 0, at = 0, hold, local = false }: Wanted,
): Promise<Snapshot> {
  const entries: Entry[] = []
  let { key } = keys.data
  for (let wanted = at; ;) {
    const { header, kvs, more } = await caller.ask(
      methods.range,
      {
        key,
        rangeEnd: keys.data.rangeEnd,
        limit: page,
        revision: wanted,
        minModRevision: after === 0 ? 0 : after + 1,
        ...(local && { serializable: true }),
      },
      {
        needsLeader: !local,
        refuse: fault => (isCompacted(fault) ? gone(wanted) : refused(fault)),
        timeoutMs,
        ...(hold === undefined ? {} : { hold }),
      },
    )
    caller.sawTerm(header.raftTerm)
    for (const found of kvs) {
      const text = keys.read(found.key)
      if (text !== undefined) entries.push(keys.entry(text, found))
    }
    // A first page at the newest revision fixes the revision of the others.
    if (wanted === 0) wanted = header.revision
    const last = kvs.at(-1)
    if (!more || last === undefined) return { revision: revision(wanted), entries }
    key = Buffer.concat([last.key, Buffer.from([0])])
  }
}

const gone = (at: number): MusterError => new MusterError('STORE_COMPACTED', `revision ${at} has been compacted away`)
