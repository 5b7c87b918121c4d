import t from 'tap'
import { Autopilot } from '../../../../src/cluster/formation/autopilot/autopilot.js'
import type { MemberStatus, RaftServer } from '../../../../src/cluster/types.js'
import { milliseconds } from '../../../../src/common/duration.js'
import { FakeClock } from '../../../support/fake-clock.js'
import { RecordingLog } from '../../../support/recording-log.js'

const configuration = {
  cleanupDeadServers: true,
  lastContactThreshold: milliseconds(200),
  maxTrailingLogs: 250,
  minQuorum: 0,
  serverStabilizationTime: milliseconds(10_000),
  redundancyZoneTag: '',
  disableUpgradeMigration: false,
  upgradeVersionTag: '',
}

/** Three servers, of which the third is in trouble: what it is listed as, and what of it answers. */
interface Trouble {
  readonly status: MemberStatus
  readonly agent: boolean
  readonly etcd: boolean
  readonly voter: boolean
}

/** What is taken out of Raft within a minute, and whether the third may vote at its end. */
async function minuteOf({
  status,
  agent,
  etcd,
  voter,
}: Trouble): Promise<{ readonly removed: readonly string[]; readonly mayVote: boolean }> {
  const clock = new FakeClock()
  const removed: string[] = []
  const servers = ['one', 'two', 'three'].map((id, i): RaftServer => ({
    id,
    node: id,
    address: `127.0.0.${i}:8300`,
    leader: i === 0,
    voter: i < 2 || voter,
  }))
  const autopilot = new Autopilot({
    clock,
    log: new RecordingLog(),
    servers: () => servers,
    known: () => undefined,
    configuration: {
      initial: configuration,
      read: () => Promise.resolve(undefined),
      write: () => Promise.resolve(true),
    },
    standing: ({ id }) =>
      id === 'three' && !agent
        ? Promise.reject(new Error('no answer'))
        : Promise.resolve({
            id,
            cluster: 'c',
            member: id,
            leader: 'one',
            learner: false,
            term: 1,
            index: 1,
            lastContact: 0,
          }),
    memberStatus: id => (id === 'three' ? status : 'alive'),
    silence: () => 0,
    etcdAnswers: ({ id }) => Promise.resolve(id !== 'three' || etcd),
    remove: id => {
      removed.push(id)
      return Promise.resolve(true)
    },
  })
  for (let second = 0; second < 60; second++) {
    await autopilot.tend(0)
    await clock.advance(1000)
  }
  return { removed: [...new Set(removed)], mayVote: autopilot.mayVote('three') }
}

t.test('who is taken out of Raft', async t => {
  const cases: readonly (readonly [string, Trouble, readonly string[]])[] = [
    ['dead altogether', { status: 'failed', agent: false, etcd: false, voter: true }, ['three']],
    ['its agent is killed, its etcd goes on', { status: 'failed', agent: false, etcd: true, voter: true }, []],
    [
      'it is back, and listed as failed until its next heartbeat',
      { status: 'failed', agent: true, etcd: true, voter: true },
      [],
    ],
    ['it has left', { status: 'left', agent: false, etcd: true, voter: true }, ['three']],
    ['it enters again after it has left', { status: 'left', agent: true, etcd: true, voter: false }, []],
    ['it died as a learner', { status: 'failed', agent: false, etcd: false, voter: false }, ['three']],
  ]
  for (const [name, trouble, removed] of cases) t.same((await minuteOf(trouble)).removed, removed, name)
})

t.test('a learner that is listed as failed may vote: only then can it say that it is back', async t => {
  t.ok((await minuteOf({ status: 'failed', agent: true, etcd: true, voter: false })).mayVote)
  t.notOk((await minuteOf({ status: 'failed', agent: false, etcd: false, voter: false })).mayVote)
})
