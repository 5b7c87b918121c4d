import type { UserEvent } from '../catalog/index.js'
import type { Clock } from '../common/clock.js'
import { errorMessage } from '../common/errors.js'
import { keepNewest } from '../common/keep-newest.js'
import type { Logger } from '../telemetry/index.js'
import { startJob } from './job-process.js'
import { JobReports, type OwnApi } from './job-reports.js'
import { jobEvent, readJob, readJobPlace, type JobPlace } from './job.js'

/** What jobs of others are run with. */
export interface RemoteExecParts {
  readonly api: OwnApi
  readonly node: string
  readonly clock: Clock
  readonly log: Logger
}

/** Jobs that run at once. */
const maxJobs = 16
/** How many finished jobs are remembered, so that an event that comes twice runs nothing twice. */
const remembered = 256

/**
 * Runs what `exec` asks for on other agents: a job from the KV store, its output and exit code written there. A job is
 * killed with everything it has started when its session ends, for then nobody listens any more.
 */
export class RemoteExec {
  readonly #parts: RemoteExecParts
  readonly #closed = new AbortController()
  readonly #running = new Map<string, Promise<void>>()
  readonly #known = new Set<string>()

  constructor(parts: RemoteExecParts) {
    this.#parts = parts
  }

  /** Handles an event that this agent accepted. Events of other names are ignored. */
  take(event: UserEvent): void {
    if (event.name !== jobEvent || this.#closed.signal.aborted) return
    const place = readJobPlace(event.payload)
    const { log } = this.#parts
    if (place === undefined) {
      log.warn('an event asks for a job and does not say where it is', { event: event.id })
      return
    }
    if (this.#known.has(place.session)) return
    if (this.#running.size >= maxJobs) {
      log.warn('a job of another agent is not run: too many run already', {
        session: place.session,
        running: this.#running.size,
      })
      return
    }
    this.#known.add(place.session)
    keepNewest(this.#known, remembered)
    this.#running.set(
      place.session,
      this.#run(place).finally(() => {
        this.#running.delete(place.session)
      }),
    )
  }

  /** Kills what runs. */
  async close(): Promise<void> {
    this.#closed.abort()
    await Promise.all(this.#running.values())
  }

  async #run(place: JobPlace): Promise<void> {
    const { api, node, clock, log } = this.#parts
    const { signal } = this.#closed
    try {
      const reports = new JobReports({ api, clock, place, node, signal })
      const value = await reports.job()
      const job = value && readJob(value)
      if (job === undefined) {
        log.warn('there is no job where an event says', { session: place.session })
        return
      }
      await reports.acknowledge()
      log.info('a job of another agent is run', { session: place.session, kind: job.work.type })
      const begun = clock.monotonic()
      const code = await this.#follow(await startJob(job.work, clock), reports, job.wait)
      log.info('a job of another agent has ended', {
        session: place.session,
        code,
        seconds: (clock.monotonic() - begun) / 1000,
      })
    } catch (error) {
      if (signal.aborted) return
      log.warn('a job of another agent was given up', { session: place.session, error: errorMessage(error) })
    }
  }

  /**
   * Writes what the program prints, and that it still runs while it prints nothing: twice within the time that the
   * other side waits.
   */
  async #follow(program: Awaited<ReturnType<typeof startJob>>, reports: JobReports, wait: number): Promise<number> {
    const { signal } = this.#closed
    const kill = (): void => {
      void program.kill()
    }
    signal.addEventListener('abort', kill)
    try {
      for (let piece = await program.next(wait / 2); piece !== undefined; piece = await program.next(wait / 2)) {
        signal.throwIfAborted()
        await reports.output(piece)
      }
      signal.throwIfAborted()
      const code = await program.ended
      await reports.exit(code)
      return code
    } catch (error) {
      await program.kill()
      throw error
    } finally {
      signal.removeEventListener('abort', kill)
    }
  }
}
