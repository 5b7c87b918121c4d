import t from 'tap'
import type { RegisterRequest } from '../../src/catalog/index.js'
import { startDns } from './support/fixture.js'

const many = (count: number, meta: Readonly<Record<string, string>> | null = null): RegisterRequest[] =>
  Array.from({ length: count }, (_, i) => ({
    node: `n${10 + i}`,
    address: `10.0.${i >> 8}.${i & 255}`,
    meta,
    service: { id: 'many', name: 'many', port: 8000 },
  }))

void t.test('plain UDP: few answers, counted; TC is for SRV, and for addresses only where it is wanted', async t => {
  const dns = await startDns(t, { entries: many(60) })
  const table = [
    [3, 3],
    [1, 1],
    [8, 8],
    [100, 8],
    [0, 0],
  ] as const
  for (const [udpAnswerLimit, count] of table) {
    for (const enableTruncate of [undefined, true, false]) {
      dns.update({ dns: { udpAnswerLimit, enableTruncate } })
      const tc = enableTruncate === true
      const what = `udp_answer_limit ${udpAnswerLimit}, enable_truncate ${enableTruncate ?? 'not given'}`
      t.match(await dns.ask('many.service.consul'), { tc, answers: { length: count } }, what)
      t.match(
        await dns.ask({ name: 'many.service.consul', edns: 512 }),
        { tc, answers: { length: count } },
        `the same with EDNS 512`,
      )
      t.match(
        await dns.ask({ name: 'many.service.consul', edns: 100 }),
        { tc, answers: { length: count } },
        `less than 512 counts as 512`,
      )
      t.equal(
        (await dns.ask({ name: 'many.service.consul', type: 'SRV' })).tc,
        enableTruncate !== false,
        `SRV, ${what}`,
      )
    }
  }
  dns.update({ dns: { udpAnswerLimit: 8 } })
  const srv = await dns.ask({ name: 'many.service.consul', type: 'SRV' })
  t.match(srv, { tc: true, answers: { length: 5 }, additionals: { length: 5 } }, 'measured without compression 5 fit')
  t.ok(
    srv.answers.every(answer =>
      srv.additionals.some(additional => additional.startsWith(`${answer.split(' ').pop() ?? ''} `)),
    ),
    'only the addresses of those that stay',
  )
})

void t.test('EDNS: as many as fit into what the client can take', async t => {
  const dns = await startDns(t, { entries: many(60) })
  const whole = await dns.ask({ name: 'many.service.consul', edns: 1232 })
  t.match(whole, { tc: false, answers: { length: 60 } })
  t.equal(whole.size, 1008, 'as measured')
  const srv = await dns.ask({ name: 'many.service.consul', type: 'SRV', edns: 1232 })
  t.match(srv, { tc: true, answers: { length: 21 }, additionals: { length: 21 } }, 'as measured')
  for (let size = 513; size < 3000; size += 97) {
    const cut = await dns.ask({ name: 'many.service.consul', type: 'SRV', edns: size })
    t.ok(cut.size <= size - 7, `${cut.size} bytes for ${size}`)
    t.ok(cut.size > size - 7 - 75, `not a whole record less than there is room for: ${cut.size} of ${size}`)
  }
  t.match(await dns.ask({ name: 'many.service.consul', type: 'SRV', edns: 4096 }), {
    tc: false,
    answers: { length: 60 },
  })
})

void t.test('TCP: all of them', async t => {
  const dns = await startDns(t, { entries: many(60, { rack: 'r1' }) })
  t.match(await dns.ask({ name: 'many.service.consul', type: 'SRV', transport: 'tcp' }), {
    tc: false,
    answers: { length: 60 },
    additionals: { length: 120 },
  })
})

void t.test('TCP: no more than a message can hold', async t => {
  const dns = await startDns(t, { entries: many(1200, { text: 'x'.repeat(40) }) })
  const srv = await dns.ask({ name: 'many.service.consul', type: 'SRV', transport: 'tcp' })
  t.equal(srv.tc, true)
  t.ok(
    srv.size <= 65_523 && srv.answers.length > 900 && srv.answers.length <= 1024,
    `${srv.answers.length} answers, ${srv.size} bytes`,
  )
  t.match(await dns.ask({ name: 'many.service.consul', transport: 'tcp' }), { tc: false, answers: { length: 1200 } })
})

void t.test('a_record_limit: addresses over every transport, without TC, and not SRV', async t => {
  const dns = await startDns(t, { entries: many(20), settings: { dns: { aRecordLimit: 2 } } })
  for (const transport of ['udp', 'tcp'] as const)
    t.match(await dns.ask({ name: 'many.service.consul', transport }), { tc: false, answers: { length: 2 } })
  t.match(await dns.ask({ name: 'many.service.consul', edns: 4096 }), { tc: false, answers: { length: 2 } })
  t.match(await dns.ask({ name: 'many.service.consul', type: 'SRV', edns: 4096 }), {
    tc: false,
    answers: { length: 20 },
  })
})

void t.test('addresses that do not fit: TC, but with enable_truncate off', async t => {
  const dns = await startDns(t, { entries: many(100) })
  t.match(await dns.ask({ name: 'many.service.consul', edns: 1232 }), { tc: true, answers: { length: 73 } })
  dns.update({ dns: { enableTruncate: false } })
  t.match(await dns.ask({ name: 'many.service.consul', edns: 1232 }), { tc: false, answers: { length: 73 } })
})

void t.test('udp_answer_size: no UDP answer is larger, whatever the client takes', async t => {
  const dns = await startDns(t, { entries: many(600) })
  for (const [udpAnswerSize, type, edns] of [
    [4096, 'SRV', 65_535],
    [4096, 'A', 65_535],
    [512, 'SRV', 4096],
    [1232, 'A', 1400],
    [65_535, 'SRV', 9000],
  ] as const) {
    dns.update({ dns: { udpAnswerSize } })
    const size = Math.min(udpAnswerSize, edns)
    const reply = await dns.ask({ name: 'many.service.consul', type, edns })
    t.ok(reply.size <= size, `${reply.size} bytes with ${udpAnswerSize}, ${type}, ${edns}`)
    // With 512 bytes, plain UDP's rules hold.
    t.ok(size === 512 || reply.size > size - 90, `${reply.size} bytes: as much as fits`)
    t.equal(reply.tc, true)
  }
  t.match(await dns.ask({ name: 'many.service.consul', transport: 'tcp' }), { tc: false, answers: { length: 600 } })
})

void t.test('a single answer above udp_answer_size is left out', async t => {
  const entries: RegisterRequest[] = [{ node: 'n', address: '10.0.0.1', meta: { big: 'v'.repeat(600) } }]
  const dns = await startDns(t, { entries, settings: { dns: { udpAnswerSize: 512 } } })
  const reply = await dns.ask({ name: 'n.node.consul', type: 'TXT', edns: 4096 })
  t.match(reply, { tc: true, answers: { length: 0 } })
  t.match(await dns.ask({ name: 'n.node.consul', type: 'TXT', transport: 'tcp' }), {
    tc: false,
    answers: { length: 1 },
  })
})

void t.test('texts go before answers do, and TC says so', async t => {
  const dns = await startDns(t, { entries: many(2, { text: 'x'.repeat(300) }) })
  t.match(await dns.ask({ name: 'many.service.consul', type: 'SRV' }), {
    tc: true,
    answers: { length: 2 },
    additionals: [/ A /, / A /],
  })
  t.match(await dns.ask({ name: 'many.service.consul', type: 'SRV', edns: 4096 }), {
    tc: false,
    additionals: { length: 4 },
  })
})

void t.test('a node with more metadata than a packet holds still resolves', async t => {
  const meta = Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`key-${i}`, 'v'.repeat(500)]))
  const dns = await startDns(t, { entries: [{ node: 'n', address: '10.0.0.1', meta }] })
  for (const edns of [0, 1232]) {
    const reply = await dns.ask({ name: 'n.node.consul', edns })
    t.match(reply, { tc: true, answers: ['n.node.consul 0 A 10.0.0.1'] })
    t.ok(reply.size <= Math.max(512, edns))
  }
  t.match(await dns.ask({ name: 'n.node.consul', type: 'TXT', edns: 600 }), { tc: true, answers: { length: 1 } })
  t.match(await dns.ask({ name: 'n.node.consul', transport: 'tcp' }), { tc: false, additionals: { length: 64 } })
})

void t.test('one answer stays even when it alone is too big', async t => {
  const dns = await startDns(t, {
    entries: [{ node: 'n', address: '10.0.0.1', meta: { big: 'v'.repeat(600), small: 'x' } }],
  })
  const reply = await dns.ask({ name: 'n.node.consul', type: 'TXT' })
  t.match(reply, { tc: true, answers: { length: 1 } })
  t.ok(reply.size > 512)
})

void t.test('disable_compression writes every name whole', async t => {
  const dns = await startDns(t, { entries: many(10) })
  const packed = await dns.ask({ name: 'many.service.consul', edns: 4096 })
  dns.update({ dns: { disableCompression: true } })
  const plain = await dns.ask({ name: 'many.service.consul', edns: 4096 })
  t.same(plain.answers, packed.answers)
  t.equal(plain.size - packed.size, 10 * ('many.service.consul'.length + 2 - 2))
})

void t.test('the subset that is given is fair', async t => {
  const dns = await startDns(t, { entries: many(20) })
  const seen = new Map<string, number>()
  for (let i = 0; i < 600; i++)
    for (const answer of (await dns.ask('many.service.consul')).answers) seen.set(answer, (seen.get(answer) ?? 0) + 1)
  t.equal(seen.size, 20, 'every instance is given at some time')
  for (const [answer, times] of seen) t.ok(times > 45 && times < 180, `${answer}: ${times} times, 90 on average`)
})
