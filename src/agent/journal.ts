import { dirname } from 'node:path'
import type { Clock, Timer } from '../common/clock.js'
import { openToAppend, replaceFile, type AppendedFile } from '../common/durable-files.js'
import { errorMessage } from '../common/errors.js'
import { ensureFolder } from '../common/folder.js'
import { readSmallFile } from '../common/small-files.js'
import type { Logger } from '../telemetry/index.js'

/**
 * Milliseconds from a change to the disk: changes of half a second travel in one write, which is what a crash may lose.
 */
const flushAfter = 500
/** Bytes that the file may hold beyond twice its live content before it is written afresh. */
const slack = 1 << 20

/**
 * A map of small JSON values that survives kills and power failures, made for thousands of changes a second: they are
 * gathered and appended as lines, and the file is rewritten when most of it is outdated. Not for anything that was
 * acknowledged to a client, since the last {@link flushAfter} may be lost.
 */
export class Journal {
  readonly #path: string
  readonly #clock: Clock
  readonly #log: Logger
  /** JSON by key: what the file says once all is flushed. */
  readonly #live = new Map<string, string>()
  readonly #dirty = new Set<string>()
  #liveBytes = 0
  #fileBytes = 0
  #rewrite = false
  /** The last write failed, which was logged. */
  #failing = false
  #file: AppendedFile | undefined
  #timer: Timer | undefined
  #writing: Promise<void> = Promise.resolve()
  #closed = false

  /**
   * Reads the file, if there is one. Lines that cannot be read are skipped and counted in the log: a kill may have cut
   * the last one.
   */
  constructor(path: string, clock: Clock, log: Logger) {
    this.#path = path
    this.#clock = clock
    this.#log = log
    ensureFolder(dirname(path), 0o700)
    this.#read()
  }

  /** All values, parsed. */
  entries(): readonly (readonly [string, unknown])[] {
    return [...this.#live].map(([key, json]) => [key, JSON.parse(json) as unknown] as const)
  }

  /** Keeps a value, or forgets the key when it is undefined. An equal value costs no write. */
  set(key: string, value: unknown): void {
    const json = value === undefined ? undefined : JSON.stringify(value)
    const before = this.#live.get(key)
    if (json === before || this.#closed) return
    this.#take(key, json)
    this.#dirty.add(key)
    this.#timer ??= this.#clock.after(flushAfter, () => {
      void this.flush()
    })
  }

  /** Resolves once all changes up to now are in the file (or could not be written, which is logged and tried again). */
  flush(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#writing = this.#writing.then(() => this.#write())
    return this.#writing
  }

  /** Flushes and closes; changes after that are ignored. */
  async close(): Promise<void> {
    this.#closed = true
    await this.flush()
    await this.#file?.close()
    this.#file = undefined
  }

  /** Ends without writing what is not written yet. */
  async discard(): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
    this.#timer = undefined
    await this.#writing
    await this.#file?.close()
    this.#file = undefined
  }

  #take(key: string, json: string | undefined): void {
    const before = this.#live.get(key)
    if (before !== undefined) this.#liveBytes -= key.length + before.length
    if (json === undefined) this.#live.delete(key)
    else {
      this.#live.set(key, json)
      this.#liveBytes += key.length + json.length
    }
  }

  #line(key: string): string {
    const json = this.#live.get(key)
    return json === undefined ? `[${JSON.stringify(key)}]\n` : `[${JSON.stringify(key)},${json}]\n`
  }

  #read(): void {
    const text = readSmallFile(this.#path) ?? ''
    let skipped = 0
    for (const line of text.split('\n')) {
      if (line === '') continue
      const entry = parsedLine(line)
      if (entry === undefined) skipped++
      else this.#take(entry[0], entry.length === 1 ? undefined : JSON.stringify(entry[1]))
    }
    this.#fileBytes = text.length
    // The last line may be cut off: a line appended to it would be unreadable.
    this.#rewrite = skipped > 0 || (text !== '' && !text.endsWith('\n'))
    if (skipped > 0) this.#log.warn('skipped unreadable lines of a state file', { path: this.#path, lines: skipped })
  }

  async #write(): Promise<void> {
    if (this.#dirty.size === 0 && !this.#rewrite) return
    const keys = [...this.#dirty]
    this.#dirty.clear()
    try {
      if (this.#rewrite || this.#fileBytes > 2 * this.#liveBytes + slack) await this.#compact()
      else await this.#append(keys.map(key => this.#line(key)).join(''))
      if (this.#failing) this.#log.info('a state file is written again', { path: this.#path })
      this.#failing = false
    } catch (error) {
      // It is unknown which part of the lines was written, so the next write replaces the file.
      this.#rewrite = true
      for (const key of keys) this.#dirty.add(key)
      if (!this.#failing)
        this.#log.error('could not write a state file, trying again until it is written', {
          path: this.#path,
          error: errorMessage(error),
        })
      this.#failing = true
      if (!this.#closed)
        this.#timer ??= this.#clock.after(flushAfter * 10, () => {
          void this.flush()
        })
    }
  }

  async #append(text: string): Promise<void> {
    this.#file ??= await openToAppend(this.#path)
    await this.#file.append(text)
    this.#fileBytes += text.length
  }

  async #compact(): Promise<void> {
    const text = [...this.#live.keys()].map(key => this.#line(key)).join('')
    await this.#file?.close()
    this.#file = undefined
    await replaceFile(this.#path, text)
    this.#fileBytes = text.length
    this.#rewrite = false
  }
}

function parsedLine(line: string): readonly [string] | readonly [string, unknown] | undefined {
  try {
    const value: unknown = JSON.parse(line)
    if (!Array.isArray(value) || typeof value[0] !== 'string') return undefined
    return value.length === 1 ? [value[0]] : [value[0], value[1] as unknown]
  } catch {
    return undefined
  }
}
