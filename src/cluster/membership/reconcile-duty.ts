import {
  memberAlive,
  memberLeft,
  membersFailed,
  removeNode,
  type Catalog,
  type Command,
  type MemberRecord,
} from '../../catalog/index.js'
import type { Clock } from '../../common/clock.js'
import { hours, type Duration } from '../../common/duration.js'
import { errorMessage } from '../../common/errors.js'
import { serfHealthCheckId } from '../../common/health.js'
import { Repeats, type Logger } from '../../telemetry/index.js'
import { pause } from '../../common/pause.js'
import { untilClosed } from '../../common/until-closed.js'
import { consulService } from './consul-service.js'
import { leaseTtl } from './lease-ttl.js'
import type { Duty } from './types.js'

/** What members and catalog are compared with. */
export interface ReconcileParts {
  readonly catalog: Catalog
  readonly countsAsAlive: (id: string) => boolean
  readonly reconnectTimeout: Duration
  readonly clock: Clock
  readonly log: Logger
}

/** How long a member that left stays listed. */
export const forgetAfter = hours(24)

/** As Consul does. */
const interval = 60_000

/**
 * Once a minute the catalog is brought to what the members say: nodes and liveness checks as each is, and no node with
 * such a check that is no member.
 */
export const reconcileDuty =
  (parts: ReconcileParts): Duty =>
  () =>
    untilClosed(closed => run(parts, closed))

async function run(parts: ReconcileParts, signal: AbortSignal): Promise<void> {
  const { catalog, clock, log } = parts
  const failures = new Repeats(log, clock)
  await pause(clock, leaseTtl(catalog.members.all().length), signal)
  while (!signal.aborted) {
    try {
      await reconcile(parts, signal)
      failures.over()
    } catch (error) {
      if (!signal.aborted)
        failures.tell(
          'warn',
          'members and catalog could not be compared, trying again in a minute',
          errorMessage(error),
          { error: errorMessage(error) },
        )
    }
    await pause(clock, interval, signal)
  }
}

/** One comparison. */
export async function reconcile(parts: ReconcileParts, signal: AbortSignal): Promise<void> {
  const { catalog, log } = parts
  for (const member of catalog.members.all()) {
    if (signal.aborted) return
    try {
      await bringInLine(member, parts)
    } catch (error) {
      if (!signal.aborted)
        log.warn('a member could not be brought in line with the catalog', {
          node: member.info.name,
          error: errorMessage(error),
        })
    }
  }
  const names = new Set(
    catalog.members
      .all()
      .filter(({ state }) => state !== 'left')
      .map(({ info }) => info.name.toLowerCase()),
  )
  const strangers = [...catalog.nodes.all()].filter(
    ({ node }) => !names.has(node.toLowerCase()) && catalog.checks.get(node, serfHealthCheckId) !== undefined,
  )
  for (const { node, id } of strangers) {
    if (signal.aborted) return
    if (catalog.members.named(node).some(({ state }) => state !== 'left')) continue
    log.warn('a node with a liveness check is no member, and is removed', { node })
    await catalog.execute(removeNode(node, id))
  }
}

async function bringInLine(
  { info, tags, state }: MemberRecord,
  { catalog, countsAsAlive, reconnectTimeout, clock }: ReconcileParts,
): Promise<void> {
  switch (state) {
    case 'alive': {
      if (catalog.aliveMarks.get(info.id) === undefined && !countsAsAlive(info.id)) return
      const service = consulService(info)
      const alive = memberAlive({
        info,
        tags,
        countsAsAlive,
        now: clock.now(),
        ...(service !== undefined && { service }),
      })
      // It may be leaving at this moment.
      const command: Command<boolean> = now =>
        now.members.get(info.id)?.state === 'alive' ? alive(now) : { when: [], then: [], result: false }
      const plan = command(catalog)
      if (!('result' in plan) || plan.then.length > 0) await catalog.execute(command)
      return
    }
    case 'failed': {
      const node = catalog.nodes.find(info.name)
      if (node?.id === info.id && catalog.checks.get(node.node, serfHealthCheckId)?.status !== 'critical')
        await catalog.execute(membersFailed([info.id], reconnectTimeout, clock.now()))
      return
    }
    case 'left':
      if (catalog.nodes.find(info.name)?.id === info.id) await catalog.execute(memberLeft(info.id, forgetAfter))
      return
    case 'leaving':
  }
}
