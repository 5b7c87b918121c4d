import { linkSync, renameSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MusterError, errorCode } from '../common/errors.js'
import { readSmallFile } from '../common/small-files.js'
import { becomeOwner, isHeld, parseOwner, release, systemProcesses } from '../store/index.js'

/** A directory held by this process. */
export interface DirectoryLock {
  /** Whether the directory is still the one that was taken: neither removed nor moved away nor replaced. */
  isInPlace(): boolean
  release(): void
}

/**
 * Locks a directory for this process, taking over the lock of a dead one.
 * @throws MusterError ETCD_LOCKED while another process holds it
 */
export function lockDirectory(directory: string): DirectoryLock {
  const file = join(directory, 'owner.json')
  const owner = becomeOwner(systemProcesses)
  const own = `${file}.${process.pid}-${owner.token}`
  try {
    // `link` fails if the lock exists, and the linked file is complete from the first moment.
    writeFileSync(own, JSON.stringify(owner), { mode: 0o600 })
    while (!isLinked(own, file)) {
      const text = readOr(file, '')
      const holder = parseOwner(text)
      if (holder !== undefined && isHeld(holder, systemProcesses)) {
        throw new MusterError('ETCD_LOCKED', `the directory ${directory} is in use by process ${holder.pid}`, {
          hint: `stop that agent (pid ${holder.pid}) first, or give this one its own -data-dir`,
        })
      }
      discardStale(file, text, `${own}.old`)
    }
  } catch (error) {
    release(owner)
    throw error
  } finally {
    rmSync(own, { force: true })
  }
  const taken = statOf(file)
  const isInPlace = (): boolean => {
    const now = statOf(file)
    return now !== undefined && now.ino === taken?.ino && now.dev === taken.dev
  }
  return {
    isInPlace,
    release: () => {
      if (isInPlace()) rmSync(file, { force: true })
      release(owner)
    },
  }
}

function statOf(file: string) {
  try {
    return statSync(file)
  } catch {
    return undefined
  }
}

function isLinked(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  }
}

/** Removes the record of a dead holder, unless another process has put its own there meanwhile. */
function discardStale(file: string, text: string, aside: string): void {
  try {
    renameSync(file, aside)
    if (readOr(aside, '') !== text) isLinked(aside, file)
    unlinkSync(aside)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
  }
}

function readOr(file: string, otherwise: string): string {
  try {
    return readSmallFile(file) ?? otherwise
  } catch {
    return otherwise
  }
}
