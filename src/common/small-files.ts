import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import { MusterError, errorCode } from './errors.js'

/*
 * The small files in which muster keeps what it must know at its next start are read whole. How they are written:
 * durable-files.ts.
 */

/** Bytes that such a file may have: far more than any of them needs, and little enough to be read at once. */
const maxFileBytes = 256 * 1024 * 1024

/**
 * The text of a file; undefined when there is none. Anything that is not a plain file is refused without being read: a
 * pipe would wait for somebody to write to it, for ever.
 * @throws MusterError NOT_A_FILE, or the system's error
 */
export function readSmallFile(file: string): string | undefined {
  let descriptor: number
  try {
    // Non-blocking, since opening a pipe would wait for a writer.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    // The error of opening a socket.
    if (errorCode(error) === 'ENXIO') throw notAFile(file, 'a socket')
    throw error
  }
  try {
    const stats = fstatSync(descriptor)
    if (!stats.isFile()) throw notAFile(file, kindOf(stats))
    if (stats.size > maxFileBytes) throw notAFile(file, `a file of ${stats.size} bytes`)
    return readFileSync(descriptor, 'utf8')
  } finally {
    closeSync(descriptor)
  }
}

const notAFile = (file: string, found: string): MusterError =>
  new MusterError('NOT_A_FILE', `${file} is ${found}, where a small file is expected`, {
    hint: `put the file back, or move ${file} away to do without it`,
  })

/** What a path leads to, in words with an article. */
export function kindOf(stats: Pick<Stats, 'isDirectory' | 'isFIFO' | 'isSocket' | 'isFile'>): string {
  if (stats.isFile()) return 'a file'
  if (stats.isDirectory()) return 'a directory'
  if (stats.isFIFO()) return 'a pipe (FIFO)'
  return stats.isSocket() ? 'a socket' : 'a device'
}
