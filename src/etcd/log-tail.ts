import { closeSync, fstatSync, ftruncateSync, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock, Timer } from '../common/clock.js'
import { readSmallFile } from '../common/small-files.js'
import { parseLine, type EtcdLine } from './log-line.js'

/** Milliseconds between two reads of the file. */
const readIntervalMs = 200
/** Bytes: from when on the file is emptied when nothing is being written, and from when on in any case. */
const emptied = { whenIdle: 4 * 2 ** 20, always: 32 * 2 ** 20 }
/** Bytes read at once, and the longest line. */
const chunkSize = 65_536
/** Digits of the position, so that a new one covers the old one. */
const positionDigits = 15

const logFile = (directory: string): string => join(directory, 'etcd.log')
const positionFile = (directory: string): string => join(directory, 'etcd.log.position')

/** A descriptor for etcd to write its log to: every write goes to the end, so that the file may be emptied under it. */
export const openLogForWriting = (directory: string): number => openSync(logFile(directory), 'a', 0o600)

/** Everything that is in the file, read or not; '' when there is none. */
export function readLog(directory: string): string {
  try {
    return readFileSync(logFile(directory), 'utf8')
  } catch {
    return ''
  }
}

/**
 * Reads etcd's log as it grows. How far it has come is kept in a file beside, so that the next agent goes on there. The
 * file is emptied when it is large, in one go after its last line was read; in the microseconds in between etcd could
 * lose a line, so a calm moment is chosen.
 */
export class LogTail {
  readonly #file: number
  readonly #positions: number
  readonly #clock: Clock
  readonly #onLine: (line: EtcdLine) => void
  #position: number
  #rest = Buffer.alloc(0)
  #timer: Timer | undefined
  #closed = false

  constructor(directory: string, clock: Clock, onLine: (line: EtcdLine) => void) {
    this.#file = openSync(logFile(directory), 'a+', 0o600)
    this.#positions = openSync(positionFile(directory), 'a+', 0o600)
    closeSync(this.#positions)
    this.#positions = openSync(positionFile(directory), 'r+')
    this.#clock = clock
    this.#onLine = onLine
    const stored = Number(readSmallFile(positionFile(directory))?.trim() ?? '0')
    // Another program has truncated the file, or the agent did and was killed before it saved the position.
    this.#position = Number.isSafeInteger(stored) && stored <= fstatSync(this.#file).size ? stored : 0
    this.#plan()
  }

  /** Reads what is there now. */
  drain(): void {
    if (this.#closed) return
    const before = this.#position
    const chunk = Buffer.alloc(chunkSize)
    for (;;) {
      const read = readSync(this.#file, chunk, 0, chunk.length, this.#position + this.#rest.length)
      if (read === 0) break
      this.#take(Buffer.concat([this.#rest, chunk.subarray(0, read)]))
    }
    const { size } = fstatSync(this.#file)
    const calm = this.#position === before && this.#rest.length === 0
    if (size === this.#position && (size > emptied.always || (size > emptied.whenIdle && calm))) this.#empty()
    else if (this.#position !== before) this.#note()
  }

  close(): void {
    if (this.#closed) return
    this.drain()
    this.#closed = true
    this.#timer?.cancel()
    closeSync(this.#file)
    closeSync(this.#positions)
  }

  #take(bytes: Buffer): void {
    let from = 0
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, from)) {
      this.#hand(bytes.subarray(from, end))
      from = end + 1
    }
    // Limit the buffer: an endless line would be kept for ever.
    if (bytes.length - from >= chunkSize) {
      this.#hand(bytes.subarray(from))
      from = bytes.length
    }
    this.#position += from
    this.#rest = Buffer.from(bytes.subarray(from))
  }

  #hand(line: Buffer): void {
    const text = line.toString('utf8').trim()
    if (text !== '') this.#onLine(parseLine(text))
  }

  #note(): void {
    writeSync(this.#positions, `${String(this.#position).padStart(positionDigits)}\n`, 0)
  }

  #empty(): void {
    ftruncateSync(this.#file, 0)
    this.#position = 0
    this.#rest = Buffer.alloc(0)
    this.#note()
  }

  #plan(): void {
    this.#timer = this.#clock.after(readIntervalMs, () => {
      this.drain()
      this.#plan()
    })
  }
}
