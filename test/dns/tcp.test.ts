import { connect, type Socket } from 'node:net'
import os from 'node:os'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/common/clock.js'
import { Counts } from '../../src/dns/counts.js'
import { Recursors } from '../../src/dns/recursors.js'
import { Responder } from '../../src/dns/responder.js'
import { TcpListener, type TcpLimits } from '../../src/dns/tcp.js'
import { RecordingLog } from '../support/recording-log.js'
import { RecordingMetrics } from '../support/recording-metrics.js'
import { until } from '../support/until.js'
import { encodeQuestion, framed } from './support/dns-client.js'
import { openCatalog, startDns } from './support/fixture.js'
import { dnsSettings } from './support/settings.js'

async function listen(t: Test, limits: TcpLimits): Promise<{ counts: Counts; open: () => Promise<Client> }> {
  const log = new RecordingLog()
  const catalog = await openCatalog(
    t,
    Array.from({ length: 200 }, (_, i) => ({
      node: `n${i}`,
      address: `10.0.0.${i}`,
      service: { id: 'web', name: 'web' },
    })),
  )
  const counts = new Counts(new RecordingMetrics(), systemClock)
  const responder = new Responder(dnsSettings(), {
    sources: { catalog },
    ready: () => true,
    recursors: new Recursors({ log, clock: systemClock, random: Math.random }),
    counts,
    log,
    clock: systemClock,
    random: Math.random,
  })
  const listener = await TcpListener.open('127.0.0.1', 0, responder, log, limits)
  t.teardown(() => listener.close())
  return { counts, open: () => openClient(t, listener.port) }
}

interface Client {
  readonly socket: Socket
  closed: boolean
  bytes: number
}

async function openClient(t: Test, port: number): Promise<Client> {
  const socket = connect(port, '127.0.0.1')
  const client: Client = { socket, closed: false, bytes: 0 }
  socket.on('data', data => {
    client.bytes += data.length
  })
  socket.on('error', () => undefined)
  socket.on('close', () => {
    client.closed = true
  })
  t.teardown(() => socket.destroy())
  await new Promise(resolve => socket.once('connect', resolve))
  return client
}

const query = framed(encodeQuestion({ name: 'web.service.consul', type: 'SRV' }))

void t.test('a connection without anything to do is closed', async t => {
  const { open } = await listen(t, { connections: 10, idle: 50, pending: 4, perTurn: 32 })
  const client = await open()
  await until('it is closed', () => client.closed)
})

void t.test('one connection too many closes the oldest', async t => {
  const { open } = await listen(t, { connections: 2, idle: 60_000, pending: 4, perTurn: 32 })
  const [first, second, third] = [await open(), await open(), await open()]
  await until('the first is closed', () => first.closed)
  for (const client of [second, third]) client.socket.write(query)
  await until('the others are answered', () => second.bytes > 0 && third.bytes > 0)
})

void t.test('a client that asks and does not read is not answered without end', async t => {
  const { open, counts } = await listen(t, { connections: 2, idle: 60_000, pending: 4, perTurn: 32 })
  const client = await open()
  client.socket.pause()
  const total = 5000
  client.socket.write(Buffer.concat(Array.from({ length: total }, () => query)))
  let before = -1
  await until('the server stands still', async () => {
    const still = counts.queries > 0 && counts.queries === before
    before = counts.queries
    await new Promise(resolve => setTimeout(resolve, 50))
    return still
  })
  // Some 11 kB for each answer: 5000 are far more than the system's buffers and the stream's hold by themselves.
  t.ok(counts.queries < total, `${counts.queries} of ${total} were answered into the blue`)
  client.socket.resume()
  await until('it goes on when the client reads', () => counts.queries === total)
})

void t.test('a connection with many questions lets others have their turn', async t => {
  const perTurn = 5
  const { open, counts } = await listen(t, { connections: 10, idle: 60_000, pending: 4, perTurn })
  const [greedy, modest] = [await open(), await open()]
  const total = 300
  // Answers so short that the stream takes all of them without a pause.
  greedy.socket.write(
    Buffer.concat(Array.from({ length: total }, () => framed(encodeQuestion({ name: 'n1.node.consul' })))),
  )
  let [most, before, modestAt] = [0, counts.queries, 0]
  while (counts.queries < total + 1) {
    if (counts.queries > 0 && modestAt === 0) {
      modestAt = counts.queries
      modest.socket.write(query)
    }
    await new Promise(resolve => setImmediate(resolve))
    most = Math.max(most, counts.queries - before)
    before = counts.queries
  }
  t.ok(modestAt > 0 && modestAt < total, `the other one asked after ${modestAt}`)
  t.ok(most <= perTurn, `${most} were answered in one round of the event loop`)
  await until('both are answered', () => modest.bytes > 0 && greedy.bytes > 0)
})

const hasIpv6 = Object.values(os.networkInterfaces())
  .flat()
  .some(address => address?.address === '::1')

void t.test('IPv6 listeners', { skip: hasIpv6 ? false : 'no ::1 here' }, async t => {
  const dns = await startDns(t, {
    settings: { addresses: { dns: ['127.0.0.1', '::1'], http: [], https: [] } },
    entries: [{ node: 'n', address: '10.0.0.1' }],
  })
  t.same(
    dns.server.addresses.map(({ address }) => address),
    ['127.0.0.1', '::1'],
  )
  const client = connect(dns.port, '::1', () => {
    client.write(framed(encodeQuestion({ name: 'n.node.consul' })))
  })
  const answer = await new Promise<Buffer>(resolve => client.once('data', resolve))
  client.destroy()
  t.ok(answer.length > 20)
})
