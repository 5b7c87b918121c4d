import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
  type Stats,
} from 'node:fs'
import path from 'node:path'
import { MusterError, errorCode } from './errors.js'

/*
 * The small files in which muster keeps what it must know at its next start: read whole, written whole. A new content
 * is written beside the file first, under a name that ends with `tmp`, and renamed, so a kill at any moment leaves the
 * old content or the new one.
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

/**
 * Gives a file a new content, whole, for this user alone. It is on the disk when this returns, and stays there when the
 * power goes out.
 * @throws the system's error; then the file is what it was before
 */
export function replaceFile(file: string, text: string): void {
  const temporary = `${file}.tmp`
  try {
    writeFileSync(temporary, text, { mode: 0o600, flush: true })
    renameSync(temporary, file)
  } catch (error) {
    try {
      rmSync(temporary, { force: true })
    } catch {
      // Ignore errors of the cleanup: the first error is the relevant one.
    }
    throw error
  }
  syncFolder(path.dirname(file))
}

/** Makes renames in a folder durable. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Removes what a kill has left behind in a folder: files that were being written, whose names end with `tmp`, where
 * `isOurs` says so of them. Gives their paths. Only for whoever has the folder to itself: another process may be
 * writing.
 */
export function removeTemporaries(folder: string, isOurs: (name: string) => boolean = () => true): readonly string[] {
  let names: readonly string[]
  try {
    names = readdirSync(folder, { withFileTypes: true })
      .filter(entry => !entry.isDirectory() && entry.name.endsWith('tmp') && isOurs(entry.name))
      .map(({ name }) => name)
  } catch {
    return []
  }
  return names
    .map(name => path.join(folder, name))
    .filter(file => {
      try {
        rmSync(file, { force: true })
        return true
      } catch {
        return false
      }
    })
}
