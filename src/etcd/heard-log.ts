import type { Clock } from '../common/clock.js'
import type { Logger } from '../telemetry/index.js'
import { parseLine, type EtcdLine } from './log-line.js'
import { LogTail, readLog } from './log-tail.js'
import { readRestored, type Restored } from './waiting-status.js'

/** How many lines are kept to tell why etcd ended. */
const maxKeptLines = 200

/** Follows etcd's log: copies it to the agent's log, and extracts facts that only the log has. */
export class HeardLog {
  readonly #tail: LogTail
  readonly #log: Logger
  readonly #directory: string
  #lines: EtcdLine[] = []
  #restored: Restored | undefined
  #servesPeers = false

  constructor(directory: string, clock: Clock, log: Logger) {
    this.#log = log
    this.#directory = directory
    this.#tail = new LogTail(directory, clock, line => {
      this.#hear(line)
    })
  }

  /** What this run of etcd said last, up to now. */
  get lines(): readonly EtcdLine[] {
    this.#tail.drain()
    return this.#lines
  }

  /** How far its data went when it started. */
  get restored(): Restored | undefined {
    return this.#restored
  }

  /** Whether it has come so far that its peers get answers. */
  get servesPeers(): boolean {
    this.#tail.drain()
    return this.#servesPeers
  }

  /** A new run begins, and none is under way. */
  begin(): void {
    this.#tail.drain()
    this.#lines = []
    this.#restored = undefined
    this.#servesPeers = false
  }

  /** Goes on with a run that another agent began. */
  resume(): void {
    this.#tail.drain()
    const lines = readLog(this.#directory)
      .split('\n')
      .filter(line => line.includes('newRaft '))
    this.#restored = readRestored(parseLine(lines.at(-1) ?? '').message)
  }

  close(): void {
    this.#tail.close()
  }

  #hear(line: EtcdLine): void {
    this.#log[line.level](line.message, line.fields)
    this.#lines.push(line)
    if (this.#lines.length > maxKeptLines) this.#lines.splice(0, this.#lines.length - maxKeptLines)
    this.#restored = readRestored(line.message) ?? this.#restored
    if (line.message === 'serving peer traffic') this.#servesPeers = true
  }
}
