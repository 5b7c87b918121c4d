import type { Clock } from '../common/clock.js'
import type { Logger } from '../telemetry/index.js'
import { lockDirectory, type DirectoryLock } from './directory-lock.js'
import { HeardLog } from './heard-log.js'

/** An etcd directory while this agent holds it: its lock, and its log as it grows. */
export class HeldDirectory {
  readonly #directory: string
  readonly #clock: Clock
  readonly #log: Logger
  #lock: DirectoryLock | undefined
  #heard: HeardLog | undefined

  constructor(directory: string, clock: Clock, log: Logger) {
    this.#directory = directory
    this.#clock = clock
    this.#log = log
  }

  /** Etcd's log; undefined while the directory is not held. */
  get heard(): HeardLog | undefined {
    return this.#heard
  }

  /** Whether the path still leads to the locked directory, or none is locked. */
  get isInPlace(): boolean {
    return this.#lock?.isInPlace() !== false
  }

  /** @throws MusterError ETCD_LOCKED while another process holds it */
  take(): void {
    this.#lock ??= lockDirectory(this.#directory)
    this.#heard ??= new HeardLog(this.#directory, this.#clock, this.#log)
  }

  release(): void {
    this.#heard?.close()
    this.#heard = undefined
    this.#lock?.release()
    this.#lock = undefined
  }
}
