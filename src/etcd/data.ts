import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { flushFolderSync } from '../common/durable-files.js'
import { dataFolder, socketName } from './arguments.js'
import { forgetMembers } from './member-file.js'

/** Whether an etcd directory holds a member's data: etcd itself goes by its write-ahead log. */
export function hasEtcdData(directory: string): boolean {
  try {
    return readdirSync(join(dataFolder(directory), 'member', 'wal')).some(name => name.endsWith('.wal'))
  } catch {
    return false
  }
}

/** Moves the data aside, to `former-<n>`; only the newest of these stays. */
export function moveDataAside(directory: string): void {
  const former = readdirSync(directory).flatMap(name => (/^former-\d+$/.test(name) ? [Number(name.slice(7))] : []))
  const next = Math.max(0, ...former) + 1
  if (existsSync(dataFolder(directory))) {
    renameSync(dataFolder(directory), join(directory, `former-${next}`))
    flushFolderSync(directory)
  }
  forgetMembers(directory)
  for (const one of former) rmSync(join(directory, `former-${one}`), { recursive: true, force: true })
}

/** etcd 3.4 stumbles over the socket of one that was killed. Only while none runs. */
export const removeSocket = (directory: string): void => {
  rmSync(join(directory, socketName), { force: true })
}
