import type { Agent } from '../agent/index.js'
import { systemClock } from '../common/clock.js'
import { deferred } from '../common/deferred.js'
import { errorMessage } from '../common/errors.js'
import type { Logger } from '../telemetry/index.js'
import { listenToSignals } from './signals.js'

/** How an agent comes to its end. */
export type End = 'left' | 'stopped' | 'gave up' | 'anew'

/** A graceful leave that takes longer is given up. Milliseconds. */
const leaveTimeoutMs = 15_000

/**
 * The end of the process, awaited in one place and brought about from several. Signals count from the first moment,
 * also while the agent starts.
 */
export class Lifecycle {
  readonly #ended = deferred<End>()
  readonly ended: Promise<End> = this.#ended.promise
  /** Aborted when the agent is asked a second time to stop: nothing is waited for any more. */
  readonly forced = new AbortController()
  readonly #log: Logger
  readonly #signals: { close(): void }
  #agent: Agent | undefined
  /** What was asked for before the agent ran. */
  #early: { reload: boolean; stop: 'SIGINT' | 'SIGTERM' | undefined } = { reload: false, stop: undefined }

  constructor(log: Logger) {
    this.#log = log
    this.#signals = listenToSignals({
      reload: () => {
        this.#reload()
      },
      stop: signal => {
        this.#stop(signal)
      },
      abort: () => {
        // The second signal during the start: nothing runs yet that has to be closed.
        if (this.#agent === undefined) process.exit(1)
        this.forced.abort()
        this.end('gave up')
      },
    })
  }

  /** The agent runs: what was asked for meanwhile is done now. */
  running(agent: Agent): void {
    this.#agent = agent
    if (this.#early.reload) this.#reload()
    if (this.#early.stop !== undefined) this.#stop(this.#early.stop)
  }

  end(how: End): void {
    this.#ended.resolve(how)
  }

  close(): void {
    this.#signals.close()
  }

  #reload(): void {
    if (this.#agent === undefined) {
      this.#early.reload = true
      return
    }
    this.#agent.reload('signal').catch((error: unknown) => {
      this.#log.error('reload failed', { error: errorMessage(error) })
    })
  }

  #stop(signal: 'SIGINT' | 'SIGTERM'): void {
    const agent = this.#agent
    if (agent === undefined) {
      this.#early.stop = signal
      return
    }
    const leaves = signal === 'SIGINT' ? !agent.settings.skipLeaveOnInterrupt : agent.settings.leaveOnTerminate
    this.#log.info(leaves ? 'leaving and stopping' : 'stopping', { signal })
    if (!leaves) {
      this.end('stopped')
      return
    }
    systemClock.after(leaveTimeoutMs, () => {
      this.end('gave up')
    })
    agent.leave().catch((error: unknown) => {
      this.#log.error('could not leave', { error: errorMessage(error) })
      this.end('gave up')
    })
  }
}
