import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  linkSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { flushFolderSync, removeTemporaries } from '../common/durable-files.js'
import { errorCode, errorMessage } from '../common/errors.js'
import { kindOf } from '../common/small-files.js'
import { pageSize } from './lmdb-pages.js'

/** LMDB's file in a store's directory. */
export const dataFile = (directory: string): string => join(directory, 'data.mdb')

/** LMDB's file beside it, through which processes keep out of each other's way. */
export const lockFile = (directory: string): string => join(directory, 'lock.mdb')

/**
 * What is wrong with a store's files at first sight, before anything reads them: undefined when both are plain files
 * with content, or when there is neither, as where there was no store yet. A new store's data file appears whole, see
 * {@link placeDataFile}, so an empty one was emptied.
 */
export function fileFault(directory: string): string | undefined {
  const data = statSync(dataFile(directory), { throwIfNoEntry: false })
  const lock = statSync(lockFile(directory), { throwIfNoEntry: false })
  for (const [name, file] of [
    ['data.mdb', data],
    ['lock.mdb', lock],
  ] as const) {
    if (file !== undefined && !file.isFile()) return `${name} is ${kindOf(file)} and not a file`
  }
  if (data === undefined)
    return lock === undefined ? undefined : 'data.mdb is missing, and lock.mdb beside it says that there was one'
  return data.size === 0 ? 'data.mdb is empty (0 bytes)' : undefined
}

export const hasDataFile = (directory: string): boolean => existsSync(dataFile(directory))

/** What the names of folders end with in which a new store is made. */
export const unfinishedSuffix = '.new.tmp'

/** Removes leftovers of a killed process from a store's directory. The caller must hold its lock. */
export function removeUnfinished(directory: string): void {
  removeTemporaries(directory)
  for (const name of readdirSync(directory)) {
    if (name.endsWith(unfinishedSuffix)) rmSync(join(directory, name), { recursive: true, force: true })
  }
}

/** Puts a new store's data file in its place, unless another process was first. */
export function placeDataFile(from: string, directory: string): void {
  try {
    linkSync(dataFile(from), dataFile(directory))
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return
    // Not every file system has links.
    renameSync(dataFile(from), dataFile(directory))
  }
  flushFolderSync(directory)
}

/** Identifies the opened data file, to detect that it was replaced. */
export interface FileIdentity {
  readonly dev: number
  readonly ino: number
}

export function dataFileIdentity(directory: string): FileIdentity {
  const { dev, ino } = statSync(dataFile(directory))
  return { dev, ino }
}

/** Why a data file that is open is no longer the one in the directory; undefined while it is. */
export function displacement(directory: string, { dev, ino }: FileIdentity): string | undefined {
  try {
    const now = statSync(dataFile(directory), { throwIfNoEntry: false })
    if (now === undefined) return 'its data.mdb was removed or moved away'
    return now.dev === dev && now.ino === ino ? undefined : 'its data.mdb was replaced by another file'
  } catch (error) {
    return `its data.mdb cannot be reached (${errorMessage(error)})`
  }
}

/** LMDB's lock file has 8 KiB with its default number of readers; the rest is for what the file system needs itself. */
const roomForLocks = 64 * 1024

/**
 * LMDB makes its lock file by stretching it and writes to it through memory, and a disk without room for that kills the
 * process. So where it is still to be made, room for it is tried first.
 * @throws the system's error, when there is none
 */
export function assertRoomForLocks(directory: string): void {
  if (existsSync(lockFile(directory))) return
  const probe = join(directory, 'room.tmp')
  try {
    writeFileSync(probe, Buffer.alloc(roomForLocks), { mode: 0o600, flush: true })
  } finally {
    rmSync(probe, { force: true })
  }
}

/**
 * Reading a mapped page beyond the end of the file kills the process without a word. A file that was cut short is
 * therefore filled up with zeros as far as its newest transaction says it goes; LMDB recognises them as damage.
 */
export function coverPages(directory: string, lastPage: number): void {
  const wanted = (lastPage + 1) * pageSize
  if (statSync(dataFile(directory)).size < wanted) truncateSync(dataFile(directory), wanted)
}

/**
 * Why the data file cannot grow by `bytes`; undefined when it can. LMDB reports a write that went in only partly, as
 * happens first on a full disk, as an input/output error like any other; trying to append tells the one from the other.
 * What is appended for that is beyond the pages in use and is cut off again. No transaction may be under way.
 */
export function growthFault(directory: string, bytes: number): unknown {
  let file: number
  try {
    file = openSync(dataFile(directory), 'r+')
  } catch {
    return undefined
  }
  const { size } = fstatSync(file)
  const block = Buffer.alloc(64 * 1024)
  try {
    for (let at = size; at < size + bytes;) at += writeSync(file, block, 0, block.length, at)
    return undefined
  } catch (error) {
    return error
  } finally {
    ftruncateSync(file, size)
    closeSync(file)
  }
}
