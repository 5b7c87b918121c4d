import { readEvents, type CatalogReads, type UserEvent } from '../../catalog/index.js'
import type { Clock } from '../../common/clock.js'
import { errorMessage } from '../../common/errors.js'
import { keepNewest } from '../../common/keep-newest.js'
import { pause } from '../../common/pause.js'
import { fieldsOf } from '../../common/plain-data.js'
import { untilClosed } from '../../common/until-closed.js'
import { revision } from '../../store/index.js'
import type { Logger } from '../../telemetry/index.js'
import type { RpcServer } from '../../rpc/index.js'
import type { EventFeed } from './event-log.js'

/** The call by which a client agent gets events from a server, as soon as there are any. */
const sinceMethod = 'event/since'

/**
 * Milliseconds: the duration of one long poll at a server; the retry delay after a failure, per failure and at most.
 */
const timingMs = { poll: 55_000, retry: 1000, maxRetry: 15_000 }
/** How many event ids are remembered to detect repeated events. */
const remembered = 2048

type Reads = Pick<CatalogReads, 'loaded' | 'revision' | 'events' | 'topics' | 'wait'>

/** Events on a server: those of its catalog. */
export const catalogFeed = (catalog: Reads, clock: Clock): EventFeed => ({
  follow: on => untilClosed(closed => followCatalog(catalog, clock, on, closed)),
})

async function followCatalog(
  catalog: Reads,
  clock: Clock,
  on: (event: UserEvent) => void,
  closed: AbortSignal,
): Promise<void> {
  while (!catalog.loaded && !closed.aborted) {
    if (!(await catalog.wait(catalog.topics.all(), catalog.revision, timingMs.poll, closed)))
      await pause(clock, 100, closed)
  }
  const topic = catalog.events.topics.all()
  for (let since = catalog.revision; !closed.aborted;) {
    // Waits end at once on a closed catalog.
    if (!(await catalog.wait(topic, since, timingMs.poll, closed))) await pause(clock, 100, closed)
    if (isAborted(closed)) return
    const events = catalog.events.since(since)
    since = catalog.revision
    for (const event of events) on(event)
  }
}

// A function, since the compiler would assume that `aborted` stays false across the await.
const isAborted = (signal: AbortSignal): boolean => signal.aborted

/** Has a server answer client agents that ask for events. */
export function serveEvents(server: RpcServer, catalog: Reads): void {
  server.handle(
    sinceMethod,
    async (body, { aborted }) => {
      const { since } = fieldsOf(body)
      // Tell an agent that asks for the first time where to begin. Do the same if its revision is ahead of this store,
      // which must then be a new one.
      if (typeof since !== 'number' || !Number.isSafeInteger(since) || since > catalog.revision)
        return { revision: catalog.revision, events: [] }
      const from = revision(since)
      await catalog.wait(catalog.events.topics.all(), from, timingMs.poll, aborted)
      return { revision: catalog.revision, events: catalog.events.since(from) }
    },
    { bodyLimit: 1024 },
  )
}

/** What a client agent asks for events with. */
export interface ServerFeedParts {
  /** Calls a method of any server. */
  readonly call: (
    method: string,
    body: unknown,
    options: { readonly timeout: number; readonly signal: AbortSignal },
  ) => Promise<unknown>
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Events on a client agent: those of a server, asked for one question after the other. What was fired while no server
 * could be reached comes later.
 */
export const serverFeed = (parts: ServerFeedParts): EventFeed => ({
  follow: on => untilClosed(closed => followServer(parts, on, closed)),
})

async function followServer(
  { call, clock, log }: ServerFeedParts,
  on: (event: UserEvent) => void,
  closed: AbortSignal,
): Promise<void> {
  const seen = new Set<string>()
  let since: number | undefined
  let failures = 0
  while (!closed.aborted) {
    try {
      const answer = await call(sinceMethod, { since }, { timeout: timingMs.poll + 10_000, signal: closed })
      const { revision: at, events } = fieldsOf(answer)
      if (typeof at !== 'number') throw new Error('the server gave no answer to the question for events')
      failures = 0
      if (since === at) await pause(clock, 10, closed)
      since = at
      // A server that lags behind the previous one repeats some events.
      for (const event of readEvents(events))
        if (!seen.has(event.id)) {
          seen.add(event.id)
          on(event)
        }
      keepNewest(seen, remembered)
    } catch (error) {
      if (isAborted(closed)) return
      failures++
      log.debug('no server tells of events', { failures, error: errorMessage(error) })
      await pause(clock, Math.min(timingMs.retry * failures, timingMs.maxRetry), closed)
    }
  }
}
