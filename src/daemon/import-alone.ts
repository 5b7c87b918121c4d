import fs from 'node:fs'
import fsp from 'node:fs/promises'
import path from 'node:path'
import { isSaved } from '../catalog/index.js'
import { flushFolder } from '../common/durable-files.js'
import { openLmdbStore, type Snapshot } from '../store/index.js'

/**
 * What a lone server kept, for the cluster that it founds; what was true of it alone is left out. Undefined when there
 * is nothing.
 */
export async function savedAlone(directory: string): Promise<Snapshot | undefined> {
  const store = await openLmdbStore({ directory })
  try {
    const { revision, entries } = await store.load()
    const kept = entries.filter(({ key }) => isSaved(key))
    return kept.length === 0 ? undefined : { revision, entries: kept }
  } finally {
    await store.close()
  }
}

/** The cluster has it: what it came from stays, beside, under another name. */
export async function moveAside(directory: string): Promise<void> {
  if (!fs.existsSync(directory)) return
  await fsp.rm(`${directory}.imported`, { recursive: true, force: true })
  await fsp.rename(directory, `${directory}.imported`)
  await flushFolder(path.dirname(directory))
}
