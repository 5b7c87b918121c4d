import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { errorMessage } from '../common/errors.js'
import { ensureFolder } from '../common/folder.js'
import type { Logger } from '../telemetry/index.js'

/**
 * A directory with one JSON file an entry, named after the hash of the entry's id. For what was acknowledged to a client:
 * a put has reached the disk, and whole, when it resolves; a kill at any moment leaves the old entry or the new one.
 */
export class EntryFiles {
  readonly #directory: string
  readonly #log: Logger
  /** The newest work on each id: writes of one entry happen in the order they were asked for. */
  readonly #work = new Map<string, Promise<void>>()
  #directorySync: Promise<void> | undefined

  constructor(directory: string, log: Logger) {
    this.#directory = directory
    this.#log = log
    ensureFolder(directory, 0o700)
  }

  /** All entries that `parse` understands. Others are logged and left where they are; `*tmp` files are remains of a kill. */
  load<Entry>(parse: (value: unknown) => Entry | undefined): readonly Entry[] {
    const entries: Entry[] = []
    for (const name of readdirSync(this.#directory).sort()) {
      const path = join(this.#directory, name)
      if (name.endsWith('tmp')) continue
      try {
        if (statSync(path).isDirectory()) continue
        const entry = parse(JSON.parse(readFileSync(path, 'utf8')))
        if (entry !== undefined) entries.push(entry)
        else this.#log.warn('skipped a persisted entry that is not of this version', { path })
      } catch (error) {
        this.#log.warn('skipped an unreadable persisted entry', { path, error: errorMessage(error) })
      }
    }
    return entries
  }

  /** Resolves when the entry is on disk. */
  put(id: string, value: unknown): Promise<void> {
    const text = JSON.stringify(value)
    return this.#inOrder(id, async () => {
      const path = this.#path(id)
      const temporary = `${path}.${randomBytes(4).toString('hex')}tmp`
      try {
        const file = await open(temporary, 'wx', 0o600)
        try {
          await file.writeFile(text)
          await file.sync()
        } finally {
          await file.close()
        }
        await rename(temporary, path)
      } catch (error) {
        await rm(temporary, { force: true })
        throw error
      }
      await this.#syncDirectory()
    })
  }

  /** Resolves when the entry is gone from disk; also when there was none. */
  delete(id: string): Promise<void> {
    return this.#inOrder(id, async () => {
      await rm(this.#path(id), { force: true })
      await this.#syncDirectory()
    })
  }

  /** Resolves when nothing is being written any more. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#work.values()])
  }

  #inOrder(id: string, run: () => Promise<void>): Promise<void> {
    const work = (this.#work.get(id) ?? Promise.resolve()).then(run, run)
    this.#work.set(id, work)
    const forget = (): void => { if (this.#work.get(id) === work) this.#work.delete(id) }
    work.then(forget, forget)
    return work
  }

  #path(id: string): string {
    return join(this.#directory, createHash('sha256').update(id).digest('hex'))
  }

  /** Makes renames durable. Those who come while one is about to start share it. */
  #syncDirectory(): Promise<void> {
    this.#directorySync ??= new Promise<void>(resolve => { setImmediate(resolve) }).then(async () => {
      this.#directorySync = undefined
      const directory = await open(this.#directory, 'r')
      try {
        await directory.sync()
      } finally {
        await directory.close()
      }
    })
    return this.#directorySync
  }
}
