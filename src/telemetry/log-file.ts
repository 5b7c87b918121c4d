import { closeSync, openSync, readdirSync, unlinkSync, writeSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import type { Clock } from '../common/clock.js'
import { errorCode, errorMessage, MusterError } from '../common/errors.js'
import { ensureFolder } from '../common/folder.js'

/** The rules of `log_file` and its companions. */
export interface LogFileOptions {
  /** `dir/app.log` writes `dir/app-<unix nanoseconds>.log`; `dir/` stands for `dir/consul.log`. */
  readonly path: string
  /** A new file begins when this many bytes are in the old one; 0: never. */
  readonly rotateBytes: number
  /** A new file begins when the old one is this many milliseconds old; 0: never. */
  readonly rotateDuration: number
  /** Older files kept; 0: all, -1: none. */
  readonly rotateMaxFiles: number
}

/** The log on disk. Each start and each rotation begins a file of its own. */
export class LogFile {
  readonly #options: LogFileOptions
  readonly #clock: Clock
  readonly #onError: (message: string) => void
  readonly #folder: string
  readonly #stem: string
  readonly #extension: string
  #descriptor: number | undefined
  #bytes = 0
  #openedAt = 0
  #lastStamp = 0
  #failing = false

  /**
   * Opens the first file, and its directory where it is missing. Later failures (a full disk) go to `onError`, once
   * until writing succeeds again; the lines in between are lost.
   * @throws MusterError LOG_FILE when it cannot be opened.
   */
  constructor(options: LogFileOptions, clock: Clock, onError: (message: string) => void) {
    this.#options = options
    this.#clock = clock
    this.#onError = onError
    const path = options.path.endsWith('/') ? join(options.path, 'consul.log') : options.path
    this.#folder = dirname(path)
    this.#extension = extname(path) === '' ? '.log' : extname(path)
    this.#stem = basename(path, extname(path))
    try {
      ensureFolder(this.#folder)
      this.#open()
    } catch (error) {
      throw new MusterError('LOG_FILE', `cannot write the log file ${options.path}: ${errorMessage(error)}`, {
        hint: 'give log_file a path that this user may write to',
        cause: error,
      })
    }
  }

  write(line: string): void {
    try {
      if (this.#descriptor === undefined || this.#isDue()) this.#rotate()
      const bytes = Buffer.from(line)
      for (let at = 0; at < bytes.length;) at += writeSync(this.#descriptor ?? -1, bytes, at)
      this.#bytes += bytes.length
      this.#failing = false
    } catch (error) {
      if (!this.#failing) this.#onError(`cannot write the log file ${this.#options.path}: ${errorMessage(error)}`)
      this.#failing = true
    }
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
  }

  #isDue(): boolean {
    const { rotateBytes, rotateDuration } = this.#options
    return (
      (rotateBytes > 0 && this.#bytes >= rotateBytes)
      || (rotateDuration > 0 && this.#clock.now() - this.#openedAt >= rotateDuration)
    )
  }

  #rotate(): void {
    this.close()
    this.#prune()
    this.#open()
  }

  #open(): void {
    // Names must differ, also for two files of one millisecond.
    this.#lastStamp = Math.max(this.#clock.now(), this.#lastStamp + 1)
    const name = `${this.#stem}-${BigInt(Math.round(this.#lastStamp)) * 1_000_000n}${this.#extension}`
    this.#descriptor = openSync(join(this.#folder, name), 'a', 0o640)
    this.#bytes = 0
    this.#openedAt = this.#clock.now()
  }

  /** Removes the oldest files of this log, by the time in their names. */
  #prune(): void {
    const { rotateMaxFiles } = this.#options
    if (rotateMaxFiles === 0) return
    const stamp = (name: string): string => name.slice(this.#stem.length + 1, name.length - this.#extension.length)
    const ours = readdirSync(this.#folder)
      .filter(name => name.startsWith(`${this.#stem}-`) && name.endsWith(this.#extension) && /^\d+$/.test(stamp(name)))
      .sort((a, b) => Number(BigInt(stamp(a)) - BigInt(stamp(b))))
    for (const name of ours.slice(0, Math.max(0, ours.length - Math.max(0, rotateMaxFiles)))) {
      try {
        unlinkSync(join(this.#folder, name))
      } catch (error) {
        // The file may have been deleted in the meantime.
        if (errorCode(error) !== 'ENOENT') throw error
      }
    }
  }
}
