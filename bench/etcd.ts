import { spawn } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { openEtcdAdmin, openEtcdStore } from '../src/store/index.js'
import { EtcdChannel } from '../src/store/etcd/channel.js'
import { methods } from '../src/store/etcd/methods.js'
import { row } from './support/row.js'

/** Milliseconds of each measurement: ours and the bare limit by turns, so that a slow moment of the disk hits both. */
const slice = 1000
const turns = 2

/** Bytes of a value: about what a service's record takes. */
const value = Buffer.alloc(200, 'v')

type Write = (caller: number, number: number) => Promise<unknown>

/**
 * Conditional puts through the etcd store beside what bare gRPC calls reach on the same etcd, and the latency of a read
 * barrier.
 */
export async function run(): Promise<void> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'muster-bench-'))
  const [client, peer] = [await freePort(), await freePort()]
  const etcd = spawn(
    'etcd',
    [
      '--data-dir=data',
      `--listen-client-urls=http://127.0.0.1:${client},unix://client:0`,
      `--advertise-client-urls=http://127.0.0.1:${client}`,
      `--listen-peer-urls=http://127.0.0.1:${peer}`,
      `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
      `--initial-cluster=default=http://127.0.0.1:${peer}`,
      '--max-txn-ops=10000',
      '--max-request-bytes=10485760',
    ],
    { cwd: directory, stdio: 'ignore' },
  )
  const connection = { endpoints: [`unix://${path.join(directory, 'client:0')}`] }
  const channel = new EtcdChannel(connection)
  const store = openEtcdStore({ connection, prefix: 'bench/' })
  try {
    await leads(connection)
    await store.load()
    const ours: Write = (caller, number) =>
      store.commit({
        when: [{ test: 'absent', key: `lock/${caller}` }],
        then: [{ kind: 'put', key: `kv/${caller}/${number % 200}`, value }],
      })
    for (const callers of [64, 500]) {
      const single: Write = (caller, number) =>
        channel.call(methods.txn, bareRequest(caller, number), { timeout: 10_000 })
      const nested = gathering(channel)
      const counts = { ours: 0, single: 0, nested: 0 }
      for (let turn = 0; turn < turns; turn++) {
        counts.ours += await perSlice(callers, ours)
        counts.nested += await perSlice(callers, nested)
        counts.single += await perSlice(callers, single)
      }
      const rate = (count: number): string => `${Math.round((count * 1000) / slice / turns).toLocaleString('en')}/s`
      row(
        'etcd',
        `conditional put, ${callers} in flight`,
        rate(counts.ours),
        `bare nested ${rate(counts.nested)} (${Math.round((100 * counts.ours) / counts.nested)}%), bare single ${rate(counts.single)}`,
      )
    }
    const started = performance.now()
    const barriers = 500
    for (let i = 0; i < barriers; i++) await store.barrier()
    row(
      'etcd',
      'read barrier, one after the other',
      `${((performance.now() - started) / barriers).toFixed(2)} ms`,
      'goal about 1 ms',
    )
  } finally {
    await store.close()
    channel.close()
    etcd.kill('SIGKILL')
    fs.rmSync(directory, { recursive: true, force: true })
  }
}

const bareRequest = (caller: number, number: number) => ({
  compare: [{ result: 0, target: 1, key: Buffer.from(`bare/lock/${caller}`), createRevision: 0 }],
  success: [{ requestPut: { key: Buffer.from(`bare/kv/${caller}/${number % 200}`), value } }],
})

/** The plainest group commit: whatever came while a transaction was on its way goes into the next one. */
function gathering(channel: EtcdChannel): Write {
  const waiting: { request: ReturnType<typeof bareRequest>; done: () => void }[] = []
  let busy = false
  const go = async (): Promise<void> => {
    busy = true
    for (let group = waiting.splice(0); group.length > 0; group = waiting.splice(0)) {
      await channel.call(
        methods.txn,
        { compare: [], success: group.map(({ request }) => ({ requestTxn: request })) },
        { timeout: 10_000 },
      )
      for (const { done } of group) done()
      await new Promise(resolve => {
        setImmediate(resolve)
      })
    }
    busy = false
  }
  return (caller, number) =>
    new Promise<void>(resolve => {
      waiting.push({ request: bareRequest(caller, number), done: resolve })
      if (!busy)
        setImmediate(() => {
          if (!busy) void go()
        })
    })
}

async function leads(connection: { readonly endpoints: readonly string[] }): Promise<void> {
  const admin = openEtcdAdmin(connection)
  for (;;) {
    const leader = await admin.status().then(
      ({ leader }) => leader,
      () => '',
    )
    if (leader !== '') break
    await new Promise(resolve => {
      setTimeout(resolve, 20)
    })
  }
  admin.close()
}

const freePort = (): Promise<number> =>
  new Promise(resolve => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => {
        resolve(port)
      })
    })
  })

/**
 * How many writes end within a slice when each of so many callers makes the next one as soon as its last is
 * acknowledged.
 */
async function perSlice(callers: number, write: Write): Promise<number> {
  const end = performance.now() + slice
  let count = 0
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      for (let number = 0; performance.now() < end; number++) {
        await write(caller, number)
        count++
      }
    }),
  )
  return count
}
