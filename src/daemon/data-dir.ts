import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { openPersistence, type Persistence } from '../agent/index.js'
import type { Clock } from '../common/clock.js'
import { MusterError, errorCode, errorMessage } from '../common/errors.js'
import { assertWritable, ensureFolder } from '../common/folder.js'
import { removeTemporaries } from '../common/durable-files.js'
import { uploadSuffix } from '../http/index.js'
import type { Logger } from '../telemetry/index.js'

/**
 * Opens what the agent keeps in its data directory, which is made where it is missing.
 * @throws MusterError DATA_DIR when it cannot be used, and what to do about it.
 */
export function openDataDir(dataDir: string, clock: Clock, log: Logger): Persistence {
  try {
    ensureFolder(dataDir, 0o700)
    assertWritable(dataDir)
    return openPersistence(dataDir, clock, log)
  } catch (error) {
    throw new MusterError('DATA_DIR', `cannot use the data directory ${dataDir}: ${errorMessage(error)}`, {
      cause: error,
      hint: remedy(dataDir, error),
    })
  }
}

/** Whether a node with this directory has run before. */
export const isKnownNode = (dataDir: string): boolean => fs.existsSync(path.join(dataDir, 'node-id'))

/**
 * Folders of a data directory in which files are made, and which of those that end with `tmp` are remains: in the
 * directory itself only our own.
 */
const folders: readonly { readonly folder: string; readonly names?: readonly string[] }[] = [
  { folder: '', names: ['node-id', 'role.json', 'servers.json', 'known-servers.json'] },
  { folder: 'services' },
  { folder: 'checks' },
  { folder: 'checks/state' },
  { folder: 'config' },
  { folder: 'etcd', names: ['members.json'] },
]

/**
 * Removes the files that an agent was writing when it was killed. Called once it is known that no other agent uses the
 * directory, as far as that can be known.
 */
export function removeRemains(dataDir: string, log: Logger): void {
  const removed = folders.flatMap(({ folder, names }) =>
    removeTemporaries(
      path.join(dataDir, folder),
      name =>
        names === undefined
        || names.some(one => name === `${one}.tmp`)
        || (folder === '' && name.endsWith(uploadSuffix)),
    ),
  )
  if (removed.length > 0)
    log.info('removed what was being written when an agent was killed', { files: removed.length, first: removed[0] })
}

function remedy(dataDir: string, error: unknown): string {
  if (error instanceof MusterError && error.hint !== undefined) return error.hint
  switch (errorCode(error)) {
    case 'EACCES':
    case 'EPERM':
      return `make it and all in it writable for the user "${user()}", for example with chown -R, or name another one with -data-dir`
    case 'ENOTDIR':
    case 'EEXIST':
      return `${dataDir} must be a directory: name another one with -data-dir, or remove the file that is in its place`
    case 'ENOSPC':
    case 'EDQUOT':
      return 'free space on that disk, or name a directory on another one with -data-dir'
    default:
      return 'name a directory that can be written to with -data-dir'
  }
}

/** A process in a container may run as a number that has no name. */
function user(): string {
  try {
    return os.userInfo().username
  } catch {
    return String(process.getuid?.() ?? '')
  }
}
