import t from 'tap'
import {
  beginHistory,
  considerHistory,
  type HistoryLook,
  type HistoryState,
  type HistoryStep,
} from '../../src/etcd/consider-history.js'
import { milliseconds } from '../../src/common/duration.js'
import { openEtcdStore, revision } from '../../src/store/index.js'
import { RecordingMetrics } from '../support/recording-metrics.js'
import { until } from '../support/until.js'
import { openChild } from './support/child.js'

t.setTimeout(120_000)

const quota = 1600

/** What a series of looks, two seconds apart unless told otherwise, calls for. */
function steps(looks: readonly Partial<HistoryLook>[]): readonly (HistoryStep | undefined)[] {
  let state: HistoryState = beginHistory(quota)
  return looks.map((given, i) => {
    const outcome = considerHistory(state, {
      at: i * 2000,
      revision: revision(i + 1),
      size: given.inUse ?? 0,
      inUse: 0,
      alarms: [],
      leads: true,
      ...given,
    })
    state = outcome.state
    return outcome.step
  })
}
const compact = (at: number): HistoryStep => ({ do: 'compact', revision: revision(at) })
const nothing = undefined
const full = { alarms: ['NOSPACE'], size: 1600 }

const rows: readonly {
  readonly title: string
  readonly looks: readonly Partial<HistoryLook>[]
  readonly asks: readonly (HistoryStep | undefined)[]
}[] = [
  {
    title: 'what grows little is left to time',
    looks: [10, 50, 110, 110, 110, 110, 110].map(inUse => ({ inUse })),
    asks: Array.from({ length: 7 }, () => nothing),
  },
  {
    title: 'a sixteenth of the quota is compacted when it is ten seconds old, and so is what came since',
    looks: [10, 60, 111, 200, 200, 200, 200, 200, 100, 150, 200, 250, 250, 250, 250, 250].map(inUse => ({ inUse })),
    asks: Array.from({ length: 16 }, (_, i) => (i === 7 ? compact(3) : i === 14 ? compact(10) : nothing)),
  },
  {
    title: 'one that does not lead waits for more',
    looks: [10, 111, 111, 212, 212, 212, 212, 212, 212].map(inUse => ({ inUse, leads: false })),
    asks: Array.from({ length: 9 }, (_, i) => (i === 8 ? compact(4) : nothing)),
  },
  {
    title: 'looks may come often',
    looks: Array.from({ length: 100 }, (_, i) => ({ at: i * 200, inUse: i * 3 })),
    asks: Array.from({ length: 100 }, (_, i) => (i === 84 ? compact(35) : nothing)),
  },
  {
    title: 'what was there at the start is no growth',
    looks: [700, 700, 700, 700, 700, 700, 700].map(inUse => ({ inUse })),
    asks: Array.from({ length: 7 }, () => nothing),
  },
  {
    title: 'half of the quota is compacted up to now, at most every ten seconds',
    looks: [801, 802, 803, 804, 805, 806, 807].map(inUse => ({ inUse })),
    asks: [compact(1), nothing, nothing, nothing, nothing, compact(6), nothing],
  },
  {
    title: 'beside the leader only from five eighths on',
    looks: [801, 999, 1001].map(inUse => ({ inUse, leads: false })),
    asks: [nothing, nothing, compact(3)],
  },
  {
    title: 'but not where nothing is written',
    looks: [801, 801, 801, 801, 801, 801, 801].map(inUse => ({ inUse, revision: revision(5) })),
    asks: [compact(5), ...Array.from({ length: 6 }, () => nothing)],
  },
  {
    title: 'a full one is compacted, rewritten and let on again',
    looks: [
      { ...full, inUse: 1600 },
      { ...full, inUse: 1200 },
      { ...full, inUse: 900 },
      { ...full, inUse: 900 },
      { ...full, inUse: 900, size: 950 },
      { inUse: 900, size: 950 },
    ],
    asks: [compact(1), { do: 'defragment' }, nothing, nothing, { do: 'disarm' }, compact(6)],
  },
  {
    title: 'one that is full of what is needed stays full until something is deleted',
    looks: Array.from({ length: 30 }, (_, i) => ({ ...full, inUse: 1590, revision: revision(i < 20 ? 9 : 10) })),
    asks: Array.from({ length: 30 }, (_, i) =>
      i === 0 ? compact(9) : i === 20 ? compact(10) : i === 1 || i === 21 ? { do: 'defragment' } : nothing,
    ),
  },
  { title: "another alarm is nobody's to end", looks: [{ alarms: ['CORRUPT'], size: 10, inUse: 10 }], asks: [nothing] },
]
for (const { title, looks, asks } of rows)
  t.test(title, async t => {
    t.same(steps(looks), asks)
  })

t.test(
  'an etcd that is full of history takes writes again by itself, and one that is full of keys once they are deleted',
  async t => {
    const etcd = await openChild(t, { quotaBytes: 16 * 1024 * 1024 })
    await etcd.process.start({ how: 'found' })
    const store = openEtcdStore({
      connection: { endpoints: [etcd.process.endpoint] },
      prefix: 'p/',
      holdTimeout: milliseconds(5000),
    })
    t.teardown(() => store.close())
    const put = (key: string) =>
      store.commit({ when: [], then: [{ kind: 'put', key, value: Buffer.alloc(64 * 1024) }] }).then(
        () => true,
        (error: unknown) => {
          t.match(error, { code: 'STORE_FULL' })
          return false
        },
      )
    // Faster than anybody looks.
    const fill = async (key: (i: number) => string): Promise<void> => {
      for (let i = 0; i < 2000; i++) if (!(await put(key(i)))) return
      t.fail('it is not full')
    }
    await fill(() => 'same')
    await until('it takes writes again', () => put('same'), 60_000)
    const said = [
      'the database of etcd is rewritten, as it has reached its quota with room in it',
      'etcd takes writes again: there is room in its database',
    ]
    // An etcd that is slow to forget what was compacted is rewritten once more.
    t.same([...new Set(etcd.log.messages('warn').filter(message => said.includes(message)))], said)
    t.same(
      (await store.load()).entries.map(({ key }) => key),
      ['same'],
    )
    t.ok((await etcd.process.admin.status()).size < 16 * 1024 * 1024)

    await fill(i => `k/${i}`)
    await store.commit({ when: [], then: [{ kind: 'delete-range', from: 'k/', to: 'k0' }] })
    await until('it takes writes again', () => put('other'), 60_000)
    t.same(
      (await store.load()).entries.map(({ key }) => key),
      ['other', 'same'],
    )
  },
)

t.test('overwriting keys does not fill the database', async t => {
  const metrics = new RecordingMetrics()
  const etcd = await openChild(t, { quotaBytes: 256 * 1024 * 1024, metrics })
  await etcd.process.start({ how: 'found' })
  const store = openEtcdStore({
    connection: { endpoints: [etcd.process.endpoint] },
    prefix: 'p/',
    holdTimeout: milliseconds(5000),
  })
  t.teardown(() => store.close())
  const put = (key: string, size: number) =>
    store.commit({ when: [], then: [{ kind: 'put', key, value: Buffer.alloc(size) }] })
  // The first sixteenth is noticed ten seconds after the start.
  for (let written = 0; written < 100; written++) await put('large', 1024 * 1024)
  await until('it is compacted', () => metrics.values.get('etcd.compactions'), 60_000)
  await until(
    'the room is there again',
    async () => {
      // What is in use is counted when something is written.
      await put('little', 1)
      return (await etcd.process.admin.status()).inUse < 40 * 1024 * 1024
    },
    30_000,
  )
  t.same(etcd.log.messages('warn'), [])
})
