import { closeSync, existsSync, fstatSync, ftruncateSync, openSync, readSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { errorCode } from '../common/errors.js'

/** Set rather than left to the system, so that files and key lengths are the same everywhere. */
export const pageSize = 4096

/** Where LMDB's magic number stands in each of the two first pages, and its bytes on either kind of machine. */
const magicAt = 24
const magics = ['dec0efbe', 'beefc0de']

/** LMDB's file in a store's directory. */
export const dataFile = (directory: string): string => join(directory, 'data.mdb')

/** LMDB's file beside it, through which processes keep out of each other's way. */
export const lockFile = (directory: string): string => join(directory, 'lock.mdb')

/**
 * What is wrong with a data file at first sight; undefined when it looks like LMDB's, is empty or is missing. Opening something
 * else ends the process rather than failing.
 */
export function headerFault(directory: string): string | undefined {
  let file: number
  try {
    file = openSync(dataFile(directory), 'r')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
  try {
    if (fstatSync(file).size === 0) return undefined
    for (const page of [0, pageSize]) {
      const magic = Buffer.alloc(4)
      readSync(file, magic, 0, 4, page + magicAt)
      if (!magics.includes(magic.toString('hex'))) return 'data.mdb is not a file of LMDB'
    }
    return undefined
  } finally {
    closeSync(file)
  }
}

/** LMDB's lock file has 8 KiB with its default number of readers; the rest is for what the file system needs itself. */
const roomForLocks = 64 * 1024

/**
 * LMDB makes its lock file by stretching it and writes to it through memory, and a disk without room for that kills the process.
 * So where it is still to be made, room for it is tried first.
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
 * Reading a mapped page beyond the end of the file kills the process without a word. A file that was cut short is therefore
 * filled up with zeros as far as its newest transaction says it goes; LMDB recognises them as damage.
 */
export function coverPages(directory: string, lastPage: number): void {
  const wanted = (lastPage + 1) * pageSize
  if (statSync(dataFile(directory)).size < wanted) truncateSync(dataFile(directory), wanted)
}

/**
 * Why the data file cannot grow by `bytes`; undefined when it can. LMDB reports a write that went in only partly, as happens
 * first on a full disk, as an input/output error like any other; trying to append tells the one from the other. What is
 * appended for that is beyond the pages in use and is cut off again. No transaction may be under way.
 */
export function growthFault(directory: string, bytes: number): unknown {
  const file = openSync(dataFile(directory), 'r+')
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
