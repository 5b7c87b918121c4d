import type { Test } from 'tap'
import { EtcdChannel } from '../../src/store/etcd/channel.js'
import { methods } from '../../src/store/etcd/methods.js'
import { startEtcdCluster } from '../../test/support/etcd.js'

/**
 * Puts a second through bare gRPC calls to three etcd members of one machine, so many callers at a time: each alone,
 * and gathered into transactions.
 */
export async function bareEtcd(
  callers: number,
  milliseconds: number,
): Promise<{ readonly single: number; readonly nested: number }> {
  const ends: (() => unknown)[] = []
  const scope = {
    teardown: (end: () => unknown) => {
      ends.push(end)
    },
  } as unknown as Test
  try {
    const [, member] = await startEtcdCluster(scope, 3, {
      args: ['--max-txn-ops=10000', '--max-request-bytes=10485760'],
    })
    if (member === undefined) throw new Error('no etcd')
    const channel = new EtcdChannel({ endpoints: [member.socket] })
    ends.push(() => {
      channel.close()
    })
    const value = Buffer.alloc(200, 'v')
    const put = (caller: number, number: number) => ({
      requestPut: { key: Buffer.from(`kv/${caller}/${number % 200}`), value },
    })
    const transact = (success: object[]): Promise<unknown> =>
      channel.call(methods.txn, { compare: [], success }, { timeout: 10_000 })
    const single = await during(callers, milliseconds, (caller, number) => transact([put(caller, number)]))
    // The plainest gathering: all callers' puts go together, each in a transaction of its own.
    const rounds = await during(1, milliseconds, (_, number) =>
      transact(
        Array.from({ length: callers }, (_, caller) => ({
          requestTxn: { compare: [], success: [put(caller, number)] },
        })),
      ),
    )
    return { single, nested: rounds * callers }
  } finally {
    for (const end of ends.reverse()) await end()
  }
}

/** Calls a second of so many callers, each of which goes on as soon as its last call is done. */
async function during(
  callers: number,
  milliseconds: number,
  call: (caller: number, number: number) => Promise<unknown>,
): Promise<number> {
  const end = performance.now() + milliseconds
  let count = 0
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      for (let number = 0; performance.now() < end; number++) {
        await call(caller, number)
        count++
      }
    }),
  )
  return (count * 1000) / milliseconds
}
