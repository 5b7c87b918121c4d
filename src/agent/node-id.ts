import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { replaceFileSync } from '../common/durable-files.js'
import { MusterError } from '../common/errors.js'
import { ensureFolder } from '../common/folder.js'
import { readSmallFile } from '../common/small-files.js'
import { isUuid } from '../common/uuid.js'
import { hostNodeId } from './host-id.js'

/**
 * The id of this node: the one of the settings, else the one that data-dir remembers, else a new one which data-dir
 * will remember. Without a data-dir (`-dev`) each start has a new one. With `disable_host_node_id` false a new one
 * follows from the machine, as long as that says who it is.
 * @throws MusterError NOT_A_FILE; AGENT_NODE_ID when `data_dir/node-id` is empty or holds something else than an id: a
 *   new one would make this another node.
 */
export function resolveNodeId(settings: {
  readonly nodeId: string
  readonly dataDir: string
  readonly disableHostNodeId?: boolean
}): string {
  if (settings.nodeId !== '') return settings.nodeId.toLowerCase()
  if (settings.dataDir === '') return randomUUID()
  const path = join(settings.dataDir, 'node-id')
  const kept = readSmallFile(path)?.trim().toLowerCase()
  if (kept !== undefined) {
    if (isUuid(kept)) return kept
    const found = kept === '' ? 'is empty' : `holds ${JSON.stringify(kept.slice(0, 40))}, which is no UUID`
    throw new MusterError('AGENT_NODE_ID', `${path} ${found}`, {
      hint: 'restore it from a backup, or delete it to become a new node',
    })
  }
  const made = (settings.disableHostNodeId === false ? hostNodeId() : undefined) ?? randomUUID()
  ensureFolder(settings.dataDir, 0o700)
  replaceFileSync(path, made)
  return made
}
