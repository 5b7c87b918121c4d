import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { nextTurn } from './next-turn.js'
import { errorCode } from './errors.js'

/*
 * How muster writes the files in which it keeps what it must know later. There is one rule, and each step is for one
 * kind of crash:
 *
 * 1. The new content is written to a temporary file in the same folder. A kill at any moment leaves the old content or
 *    the new one under the file's own name, and at the most a temporary file, which the next start removes.
 * 2. The temporary file is flushed to the disk before it is renamed. The file system may write a name before the
 *    content behind it, and a power failure between the two would leave an empty file.
 * 3. It is renamed to the file's name, which replaces the old file in one step.
 * 4. The folder is flushed to the disk. Until then a power failure may bring the old file back, although somebody was
 *    told that the new content is kept.
 *
 * A removal ends with step 4 too. All files are for the agent's user alone (mode 0600): they may hold secrets.
 */

/** What the name of a file ends with while it is being written. */
const temporarySuffix = '.tmp'

const privateMode = 0o600

/**
 * Gives a file a new content, whole, for this user alone, and holds up everything else meanwhile: for small files at
 * start, and where the next step must not begin before. The content is on the disk when this returns.
 * @throws the system's error; unless it came from flushing the folder, the file is what it was before
 */
export function replaceFileSync(file: string, content: string): void {
  const temporary = `${file}${temporarySuffix}`
  try {
    writeFileSync(temporary, content, { mode: privateMode, flush: true })
    renameSync(temporary, file)
  } catch (error) {
    try {
      rmSync(temporary, { force: true })
    } catch {
      // Ignore errors of the cleanup: the first error is the relevant one.
    }
    throw error
  }
  flushFolderSync(path.dirname(file))
}

/**
 * As {@link replaceFileSync}, without holding anything up. The content is on the disk when this resolves. Two calls for
 * one file must not overlap. Rejects with the system's error.
 *
 * @param flush flushes the file's folder, for callers that share one flush among many files, see {@link SharedFlush}
 */
export const replaceFile = (file: string, content: string, flush?: () => Promise<void>): Promise<void> =>
  replaceVerified(file, content, () => Promise.resolve(), flush)

/**
 * As {@link replaceFile}, and `verify` looks at the temporary file before it gets the file's name. Where that rejects,
 * this rejects with the same, and the file stays what it was. Resolves with what `verify` gives.
 */
export async function replaceVerified<Verdict>(
  file: string,
  content: string | Uint8Array,
  verify: (temporary: string) => Promise<Verdict>,
  flush = () => flushFolder(path.dirname(file)),
): Promise<Verdict> {
  const temporary = `${file}${temporarySuffix}`
  let verdict: Verdict
  try {
    const handle = await open(temporary, 'w', privateMode)
    try {
      await handle.writeFile(content)
      await handle.sync()
    } finally {
      await handle.close()
    }
    verdict = await verify(temporary)
    await rename(temporary, file)
  } catch (error) {
    // Ignore errors of the cleanup: the first error is the relevant one.
    await rm(temporary, { force: true }).catch(() => undefined)
    throw error
  }
  await flush()
  return verdict
}

/** A file that only grows: what was appended is on the disk when {@link append} resolves. */
export interface AppendedFile {
  /** Rejects with the system's error; then it is unknown how much of the text was written. */
  append(text: string): Promise<void>
  close(): Promise<void>
}

/** Opens a file to append to; makes it, for this user alone, where there is none. Rejects with the system's error. */
export async function openToAppend(file: string): Promise<AppendedFile> {
  const handle = await open(file, 'a', privateMode)
  try {
    await flushFolder(path.dirname(file))
  } catch (error) {
    await handle.close()
    throw error
  }
  return {
    append: async text => {
      await handle.appendFile(text)
      await handle.datasync()
    },
    close: () => handle.close(),
  }
}

/** Removes a file for good; one that is not there is no error. @throws the system's error */
export function removeFileSync(file: string): void {
  try {
    rmSync(file)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return
    throw error
  }
  flushFolderSync(path.dirname(file))
}

/** Makes renames and removals in a folder durable. @throws the system's error */
export function flushFolderSync(folder: string): void {
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } catch (error) {
    if (!isUnsupported(error)) throw error
  } finally {
    closeSync(descriptor)
  }
}

/** As {@link flushFolderSync}, without holding anything up. Rejects with the system's error. */
export async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } catch (error) {
    if (!isUnsupported(error)) throw error
  } finally {
    await handle.close()
  }
}

/** Some network file systems flush no folders: they say so, and there is nothing that could be done about it. */
const isUnsupported = (error: unknown): boolean => errorCode(error) === 'EINVAL'

/** Flushes one folder for many files: those that are renamed or removed at the same time share a flush. */
export class SharedFlush {
  readonly #folder: string
  #next: Promise<void> | undefined

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Resolves when all that was renamed or removed before the call is durable. Rejects with the system's error. */
  flush(): Promise<void> {
    this.#next ??= nextTurn().then(() => {
      this.#next = undefined
      return flushFolder(this.#folder)
    })
    return this.#next
  }
}

/** Whether a file of this name was being written, and has no content to rely on. */
export const isTemporary = (name: string): boolean => name.endsWith('tmp')

/**
 * Removes what a kill has left behind in a folder: temporary files, where `isOurs` says so of them. Gives their paths.
 * Only for whoever has the folder to itself: another process may be writing.
 */
export function removeTemporaries(folder: string, isOurs: (name: string) => boolean = () => true): readonly string[] {
  let names: readonly string[]
  try {
    names = readdirSync(folder, { withFileTypes: true })
      .filter(entry => !entry.isDirectory() && isTemporary(entry.name) && isOurs(entry.name))
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
