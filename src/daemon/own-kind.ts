import fs from 'node:fs'
import path from 'node:path'
import { Catalog } from '../catalog/index.js'
import type { StandingSource } from '../cluster/index.js'
import { errorMessage } from '../common/errors.js'
import { openLmdbStore, openMemoryStore, type Store } from '../store/index.js'
import { isKnownNode } from './data-dir.js'
import { unreadable } from './follow-store.js'
import type { RoleParts } from './role.js'
import type { ServerKind } from './server-role.js'

/** Where a lone server keeps its catalog, below the data directory. */
export const storeFolder = 'store'

/** A server on its own, whose store is already open. */
export async function ownKind(
  { clock, log, opened }: Pick<RoleParts, 'clock' | 'log' | 'opened'>,
  store: Store,
): Promise<ServerKind> {
  const catalog = await Catalog.open({ store, clock, onUnreadable: unreadable(log) })
  opened.add('catalog', () => {
    catalog.close()
  })
  return { store: 'own', catalog, standing: ownStanding(store), begin: () => Promise.resolve() }
}

/**
 * Opens the store of a server on its own. That it takes no writes, and takes them again, is logged; so is that it is
 * gone.
 */
export function openOwnStore(
  { dev, dataDir }: { readonly dev: boolean; readonly dataDir: string },
  log: RoleParts['log'],
): Promise<Store> {
  if (dev) return Promise.resolve(openMemoryStore())
  const directory = path.join(dataDir, storeFolder)
  if (isKnownNode(dataDir) && !fs.existsSync(directory)) {
    log.warn('the data directory is of a node that was here before and has no store: the catalog starts empty', {
      directory,
      remedy:
        'if there was one, stop the agent and put it back, or bring a snapshot back with "muster snapshot restore FILE"',
    })
  }
  return openLmdbStore({
    directory,
    dropped: keys => {
      log.warn('went on without the damaged records of the store, as drop-damaged says', {
        records: keys.length,
        keys: keys.slice(0, 20).join(', '),
      })
    },
    report: fault => {
      if (fault === undefined) log.info('the store takes writes again')
      else log.error(fault.message, fault.hint === undefined ? {} : { remedy: fault.hint })
    },
  })
}

/** A store of this process takes writes while its files do. */
const ownStanding = (store: Store): StandingSource => ({
  unheard: () => undefined,
  standing: async () => {
    const refused = (reason: string) =>
      ({
        writable: false,
        serving: true,
        reason: `the store takes no writes: ${reason}`,
        hint: 'make room on its disk, or bring the data directory back; the log has the remedy',
        heard: [],
      }) as const
    try {
      const { writable, reason = '' } = await store.status()
      return writable ? { writable } : refused(reason)
    } catch (error) {
      return refused(errorMessage(error))
    }
  },
})
