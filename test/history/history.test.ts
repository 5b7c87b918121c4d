import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import t from 'tap'
import { startCluster } from '../support/cluster.js'
import { startNetwork } from '../support/net.js'
import { seeded } from '../support/seeded.js'
import { until } from '../support/until.js'
import { check } from './checker.js'
import { harm } from './faults.js'
import { staleFaults } from './stale-reads.js'
import { readOnce, work, workStale, type Plan, type Recording } from './workers.js'

const seconds = Number(process.env.HISTORY_SECONDS ?? 120)
const seed = Number(process.env.HISTORY_SEED ?? Date.now() % 1_000_000)

t.setTimeout((seconds + 150) * 1000)

t.test(`three servers under ${seconds} s of faults tell one story (HISTORY_SEED=${seed})`, async t => {
  const network = await startNetwork(t, 3)
  const cluster = await startCluster(t, { servers: 3, places: network.hosts })
  const [first] = cluster.servers
  if (first === undefined) throw new Error('no server')
  const sessions: string[] = []
  // They hang on no check, so that only their holders can end them.
  while (sessions.length < 2)
    sessions.push(
      (
        JSON.parse(await first.put('/v1/session/create', { LockDelay: '0s', Checks: [], NodeChecks: [] })) as {
          ID: string
        }
      ).ID,
    )

  const begun = performance.now()
  const recording: Recording = { operations: [], stale: [], written: new Set(), errors: new Map() }
  const random = seeded(seed)
  const plan: Plan = {
    sessions,
    random,
    running: () => performance.now() - begun < seconds * 1000,
    // New keys every few seconds keep each one's story short enough to be checked; two live through all that happens.
    keys: () => {
      const epoch = Math.floor((performance.now() - begun) / 4000)
      return [0, 1, 2, 3]
        .map(number => `history/${epoch}/${number}`)
        .concat(random() < 0.05 ? ['history/long/0', 'history/long/1'] : [])
    },
  }
  const faulty = harm(cluster, network, { random: seeded(seed + 1), running: plan.running })
  await Promise.all([
    ...Array.from({ length: 9 }, (_, number) =>
      work(`c${number}`, cluster.servers[number % 3]?.address ?? '', plan, recording),
    ),
    ...cluster.servers.map((server, number) => workStale(`old${number}`, server.address, plan, recording)),
  ])
  const harmed = await faulty
  await cluster.leader(40_000)
  const keys = [...new Set(recording.operations.map(operation => operation.key))].sort()
  for (const server of cluster.servers) {
    for (const key of keys)
      recording.operations.push(
        await until(
          `${server.name} tells what became of ${key}`,
          () => readOnce(`end of ${server.name}`, server.address, key),
          40_000,
        ),
      )
  }

  const known = recording.operations.filter(operation => operation.output !== undefined).length
  t.comment(
    `${known} operations with an answer, ${recording.operations.length - known} without, ${recording.stale.length} reads that may be old, on ${keys.length} keys; faults:\n${harmed.join('\n')}`,
  )
  t.comment(`errors: ${JSON.stringify(Object.fromEntries(recording.errors))}`)
  const verdict = check(recording.operations)
  t.equal(verdict.verdict, 'linearizable', 'why' in verdict ? `${verdict.key}: ${verdict.why}` : '')
  t.same(staleFaults(recording.stale, recording.written), [])
  t.ok(known > seconds * 20, 'there was something to tell')
  t.ok(recording.stale.length > seconds)
  if (!t.passing()) {
    const file = path.join(os.tmpdir(), `muster-history-${seed}.json`)
    fs.writeFileSync(
      file,
      JSON.stringify({ seed, seconds, harmed, operations: recording.operations, stale: recording.stale }),
    )
    t.comment(`the history is in ${file}; HISTORY_SEED=${seed} HISTORY_SECONDS=${seconds} tries the same faults again`)
  }
})
