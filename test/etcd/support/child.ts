import path from 'node:path'
import type { Test } from 'tap'
import { openEtcdProcess, type EtcdProcess, type EtcdProcessOptions, type EtcdState } from '../../../src/etcd/index.js'
import { systemClock } from '../../../src/common/clock.js'
import { loopbackAddress } from '../../support/loopback-address.js'
import { killAll, processesOf } from '../../support/processes.js'
import { RecordingLog } from '../../support/recording-log.js'
import { RecordingMetrics } from '../../support/recording-metrics.js'
import { temporaryDirectory } from '../../support/temporary-directory.js'
import { until } from '../../support/until.js'

/** An etcd child under test. */
export interface Child {
  readonly process: EtcdProcess
  readonly directory: string
  readonly address: string
  readonly log: RecordingLog
  readonly states: readonly EtcdState[]
}

export const raftPort = 2380

/** Options of a child that listens on one loopback address. */
export const childOptions = (
  directory: string,
  address: string,
  name: string,
  log = new RecordingLog(),
): EtcdProcessOptions => ({
  program: 'etcd',
  directory,
  name,
  bindAddress: address,
  advertiseAddress: address,
  port: raftPort,
  quotaBytes: 2 ** 31,
  raftMultiplier: 5,
  log,
  clock: systemClock,
  metrics: new RecordingMetrics(),
})

/**
 * Opens a child on a directory of its own, or on one that another worked on; the test's end stops it and whatever runs
 * there.
 */
export async function openChild(
  t: Test,
  options: Partial<EtcdProcessOptions> & { readonly address?: string } = {},
): Promise<Child> {
  const directory = options.directory ?? path.join(temporaryDirectory(t), 'etcd')
  const address = options.address ?? (await loopbackAddress())
  const log = new RecordingLog()
  const { address: _address, ...given } = options
  const process = openEtcdProcess({ ...childOptions(directory, address, 'n1', log), ...given, directory })
  const states: EtcdState[] = []
  process.onState(state => {
    states.push(state)
  })
  // Its timers do not keep a program alive, and a test has nothing else that does.
  const alive = setInterval(() => undefined, 60_000)
  t.teardown(async () => {
    await process.stop()
    process.admin.close()
    killAll(processesOf(directory))
    clearInterval(alive)
  })
  return { process, directory, address, log, states }
}

/** A second server, `n2`, entered as a learner through the first; resolves when it answers. */
export async function newcomer(
  t: Test,
  first: Child,
  former?: Child,
  name = 'n2',
): Promise<{ readonly second: Child; readonly id: string }> {
  const second = former ?? (await openChild(t, { name }))
  await until('the first leads', async () => (await first.process.admin.status()).leader !== '')
  // Right after another change of its members etcd refuses now and then; whoever enters asks again.
  const { member, members } = await until('etcd takes it', () =>
    first.process.admin.addLearner([second.process.peerUrl]).catch(() => undefined),
  )
  await second.process.start({
    how: 'enter',
    members: members.map(({ name, peerUrls }) => ({ name, peerUrl: peerUrls[0] ?? '' })),
  })
  await until(
    'it answers and has caught up',
    async () => second.process.state === 'running' && (await second.process.admin.status()).leader !== '',
  )
  return { second, id: member.id }
}

/** The etcd that works on a directory. */
export const livingPid = (directory: string): number | undefined => processesOf(directory, 'etcd')[0]

/** What a promise rejected with; fails by rejecting where it did not. */
export async function caught(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('nothing was rejected')
}
