import { membersFailed, reapMember, type Catalog } from '../../catalog/index.js'
import type { Clock } from '../../common/clock.js'
import type { Duration } from '../../common/duration.js'
import { errorMessage } from '../../common/errors.js'
import { Repeats, type Logger } from '../../telemetry/index.js'
import { pause } from '../../common/pause.js'
import { untilClosed } from '../../common/until-closed.js'
import { leaseTtl } from './lease-ttl.js'
import type { Duty } from './types.js'

/** What the end of leases is followed with. */
export interface LivenessParts {
  readonly catalog: Catalog
  readonly countsAsAlive: (id: string) => boolean
  readonly reconnectTimeout: Duration
  /** Since when this server takes heartbeats, in monotonic ms. */
  readonly answeringSince: () => number
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Members whose end is written in one transaction: a rack that goes dark is a few of them, and one that meets another
 * write is soon tried again.
 */
const batch = 32
/** How long others may follow the first lease that ends, in ms. */
const gather = 100
/** How often all members are looked at without a reason, in ms. */
const sweep = 5000

/**
 * What follows when leases lapse: a member failed, one that failed or left long ago is forgotten. A server that has
 * only just begun to take heartbeats gives everyone the time of a lease first: after a restart of all servers nobody
 * had a chance to speak up.
 */
export const livenessDuty =
  (parts: LivenessParts): Duty =>
  () =>
    untilClosed(closed => run(parts, closed))

async function run(parts: LivenessParts, signal: AbortSignal): Promise<void> {
  const { catalog, clock, log, answeringSince } = parts
  const topic = catalog.aliveMarks.topics.liveness()
  const failures = new Repeats(log, clock)
  await pause(clock, Math.max(0, answeringSince() + leaseTtl(catalog.members.all().length) - clock.monotonic()), signal)
  while (!signal.aborted) {
    const at = topic.index
    await tend(parts, failures, signal)
    await catalog.wait(topic, at, sweep, signal)
    // Pause, so that leases that end together are handled together. Also, waits end at once on a closed catalog.
    await pause(clock, gather, signal)
  }
}

async function tend(parts: LivenessParts, failures: Repeats, signal: AbortSignal): Promise<void> {
  const { catalog, countsAsAlive, reconnectTimeout, clock, log } = parts
  const members = catalog.members.all()
  const lapsed = members.filter(
    ({ info, state }) =>
      (state === 'alive' || state === 'leaving')
      && catalog.aliveMarks.get(info.id) === undefined
      && !countsAsAlive(info.id),
  )
  const over = members.filter(
    ({ info, state }) => (state === 'failed' || state === 'left') && catalog.reapMarks.get(info.id) === undefined,
  )
  try {
    for (let i = 0; i < lapsed.length && !signal.aborted; i += batch) {
      const { result } = await catalog.execute(
        membersFailed(
          lapsed.slice(i, i + batch).map(({ info }) => info.id),
          reconnectTimeout,
          clock.now(),
        ),
      )
      for (const name of result)
        log.debug('a member has failed: its agent is not live or cannot be reached', { node: name })
    }
    for (const { info, state } of over) {
      if (signal.aborted) return
      if ((await catalog.execute(reapMember(info.id))).result)
        log.debug('a member is not listed any more', { node: info.name, id: info.id, since: state })
    }
    failures.over()
  } catch (error) {
    if (signal.aborted) return
    failures.tell(
      'warn',
      'what follows from the end of members could not be written, trying again',
      errorMessage(error),
      { error: errorMessage(error) },
    )
    await pause(clock, 1000, signal)
  }
}
