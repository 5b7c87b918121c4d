import { createHash } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Timer } from '../common/clock.js'
import { isTemporary, replaceFile, SharedFlush } from '../common/durable-files.js'
import { errorMessage } from '../common/errors.js'
import { ensureFolder } from '../common/folder.js'
import { retryDelay } from '../common/retry-delay.js'
import { readSmallFile } from '../common/small-files.js'
import type { Logger } from '../telemetry/index.js'

/** Milliseconds from a failed write to the next attempt. The delay doubles with each failure, up to `max`. */
const retryMs = { min: 1_000, max: 60_000 } as const

/**
 * A directory with one JSON file an entry, named after the hash of the entry's id. For what was acknowledged to a
 * client: a put has reached the disk, and whole, when it resolves; a kill at any moment leaves the old entry or the new
 * one. What could not be written, as on a full disk, is tried again until it is, or until the entry is to be something
 * else.
 */
export class EntryFiles {
  readonly #directory: string
  readonly #clock: Clock
  readonly #log: Logger
  /** Pending content by id: a text to be written, or undefined if the file is to be deleted. */
  readonly #unsaved = new Map<string, string | undefined>()
  /** How often in a row what could not be written was tried again. */
  #retries = 0
  #timer: Timer | undefined
  #closed = false
  /** The newest work on each id: writes of one entry happen in the order they were asked for. */
  readonly #work = new Map<string, Promise<void>>()
  readonly #flush: SharedFlush

  constructor(directory: string, clock: Clock, log: Logger) {
    this.#directory = directory
    this.#clock = clock
    this.#log = log
    this.#flush = new SharedFlush(directory)
    ensureFolder(directory, 0o700)
  }

  /**
   * All entries that `parse` understands. Others are logged and left where they are; `*tmp` files are remains of a
   * kill.
   */
  load<Entry>(parse: (value: unknown) => Entry | undefined): readonly Entry[] {
    const entries: Entry[] = []
    for (const name of readdirSync(this.#directory).sort()) {
      const path = join(this.#directory, name)
      if (isTemporary(name)) continue
      try {
        if (statSync(path).isDirectory()) continue
        const entry = parse(JSON.parse(readSmallFile(path) ?? ''))
        if (entry !== undefined) entries.push(entry)
        else this.#log.warn('skipped a persisted entry that is not of this version', { path })
      } catch (error) {
        this.#log.warn('skipped an unreadable persisted entry', { path, error: errorMessage(error) })
      }
    }
    return entries
  }

  /** How many entries are not on disk as they should be. */
  get unsaved(): number {
    return this.#unsaved.size
  }

  /** Resolves when the entry is on disk. Rejects with the system's error when it cannot be written now. */
  put(id: string, value: unknown): Promise<void> {
    const text = JSON.stringify(value)
    return this.#inOrder(id, () => this.#attempt(id, text))
  }

  /**
   * Resolves when the entry is gone from disk; also when there was none. Rejects with the system's error when it cannot
   * be removed now.
   */
  delete(id: string): Promise<void> {
    return this.#inOrder(id, () => this.#attempt(id, undefined))
  }

  /** Tries once more what is not written yet, and resolves when nothing is being written any more. */
  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
    await Promise.allSettled([...this.#work.values()])
    await this.#retryUnsaved()
    if (this.#unsaved.size > 0)
      this.#log.error('what was registered could not be saved, and is not there at the next start', {
        directory: this.#directory,
        entries: this.#unsaved.size,
      })
  }

  async #attempt(id: string, text: string | undefined): Promise<void> {
    try {
      await (text === undefined ? this.#remove(id) : this.#write(id, text))
    } catch (error) {
      if (this.#unsaved.size === 0)
        this.#log.error('could not save what was registered, trying again until it is', {
          path: this.#path(id),
          error: errorMessage(error),
        })
      this.#unsaved.set(id, text)
      this.#plan()
      throw error
    }
    if (this.#unsaved.delete(id) && this.#unsaved.size === 0) {
      this.#retries = 0
      this.#log.info('all that was registered is saved again', { directory: this.#directory })
    }
  }

  #plan(): void {
    if (this.#closed) return
    this.#timer ??= this.#clock.after(retryDelay(retryMs, this.#retries + 1), () => {
      this.#timer = undefined
      this.#retries++
      void this.#retryUnsaved()
    })
  }

  /** One after the other, up to the first that fails again: the others would as well. */
  async #retryUnsaved(): Promise<void> {
    for (const id of [...this.#unsaved.keys()]) {
      try {
        // Skip entries that have changed in the meantime: they have been written, or scheduled for a retry, by that
        // change.
        await this.#inOrder(id, () =>
          this.#unsaved.has(id) ? this.#attempt(id, this.#unsaved.get(id)) : Promise.resolve(),
        )
      } catch {
        return
      }
    }
  }

  #write(id: string, text: string): Promise<void> {
    return replaceFile(this.#path(id), text, () => this.#flush.flush())
  }

  async #remove(id: string): Promise<void> {
    await rm(this.#path(id), { force: true })
    await this.#flush.flush()
  }

  #inOrder(id: string, run: () => Promise<void>): Promise<void> {
    const work = (this.#work.get(id) ?? Promise.resolve()).then(run, run)
    this.#work.set(id, work)
    const forget = (): void => {
      if (this.#work.get(id) === work) this.#work.delete(id)
    }
    work.then(forget, forget)
    return work
  }

  #path(id: string): string {
    return join(this.#directory, createHash('sha256').update(id).digest('hex'))
  }
}
