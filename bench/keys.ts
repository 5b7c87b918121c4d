import type { ClusterAgent } from '../test/support/cluster-agent.js'
import { withLoneAgent } from './support/lone-agent.js'
import { residentMegabytes } from './support/memory.js'
import { row } from './support/row.js'
import { timeUntil } from './support/until.js'
import { ms } from './support/wrk.js'

const count = 100_000

/** So many keys: how long they take to write, a start with them, memory, and lists of prefixes. */
export async function run(): Promise<void> {
  await withLoneAgent({}, async agent => {
    const before = residentMegabytes(agent.pid ?? 0)
    const written = await timed(() => write(agent))
    row('kv', `${count.toLocaleString('en')} keys in transactions of 64`, ms(written), '')
    await agent.stop()
    const begun = performance.now()
    await agent.start()
    await timeUntil(async () => (await agent.api(`/v1/kv/${key(count - 1)}`)).status === 200)
    row('kv', 'start with them until the last is answered', ms(performance.now() - begun), 'goal <= 2000 ms')
    row(
      'kv',
      'resident memory after it',
      `${residentMegabytes(agent.pid ?? 0).toFixed(0)} MB`,
      `without them ${before.toFixed(0)} MB`,
    )
    for (const [what, target] of [
      ['all as one list (?recurse)', '/v1/kv/?recurse'],
      ['all names (?keys)', '/v1/kv/?keys'],
      ['names up to a separator', '/v1/kv/bench/?keys&separator=/'],
      ['a folder of 100', `/v1/kv/${key(0).replace(/[^/]*$/, '')}?recurse`],
    ] as const) {
      const times: number[] = []
      for (let i = 0; i < 5; i++) times.push(await timed(async () => (await agent.api(target)).arrayBuffer()))
      row('kv', what, ms(times.sort((a, b) => a - b)[2] ?? Number.NaN), '')
    }
    const put = await timed(async () => {
      for (let i = 0; i < 200; i++) await agent.put(`/v1/kv/${key(i)}`, 'new')
    })
    row('kv', 'one put after the other among them', ms(put / 200), '')
  })
}

const key = (number: number): string => `bench/${Math.floor(number / 100)}/${number % 100}`

async function write(agent: ClusterAgent): Promise<void> {
  const value = Buffer.alloc(100, 'v').toString('base64')
  for (let from = 0; from < count; from += 64 * 8) {
    await Promise.all(
      Array.from({ length: 8 }, async (_, part) => {
        const first = from + part * 64
        const keys = Array.from({ length: Math.max(0, Math.min(64, count - first)) }, (_, i) => key(first + i))
        if (keys.length > 0)
          await agent.put(
            '/v1/txn',
            keys.map(Key => ({ KV: { Verb: 'set', Key, Value: value } })),
          )
      }),
    )
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await work()
  return performance.now() - begun
}
