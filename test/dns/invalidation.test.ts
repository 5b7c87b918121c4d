import fc from 'fast-check'
import t from 'tap'
import { Catalog, deregister, register } from '../../src/catalog/index.js'
import { systemClock } from '../../src/common/clock.js'
import { Counts } from '../../src/dns/counts.js'
import { Recursors } from '../../src/dns/recursors.js'
import { Responder } from '../../src/dns/responder.js'
import { openMemoryStore } from '../../src/store/index.js'
import { RecordingLog } from '../support/recording-log.js'
import { RecordingMetrics } from '../support/recording-metrics.js'
import { encodeQuestion, readReply, type Question } from './support/dns-client.js'
import { dnsSettings } from './support/settings.js'

const log = new RecordingLog()

function responderOn(catalog: Catalog): { responder: Responder; counts: Counts } {
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
  return { responder, counts }
}

const services = ['web', 'db', 'alias'] as const
const nodes = ['a', 'b', 'c'] as const

const change = fc.oneof(
  fc.record({
    kind: fc.constant('register' as const),
    node: fc.constantFrom(...nodes),
    address: fc.integer({ min: 1, max: 4 }),
    service: fc.constantFrom(...services),
    port: fc.integer({ min: 1, max: 2 }),
    tags: fc.subarray(['v1', 'v2']),
    own: fc.constantFrom('', '10.0.1.1', 'web.service.consul', 'a.node.consul'),
    status: fc.constantFrom('passing', 'warning', 'critical'),
    meta: fc.constantFrom(null, { k: 'v' }),
  }),
  fc.record({
    kind: fc.constant('node-check' as const),
    node: fc.constantFrom(...nodes),
    status: fc.constantFrom('passing', 'critical'),
  }),
  fc.record({
    kind: fc.constant('remove-service' as const),
    node: fc.constantFrom(...nodes),
    service: fc.constantFrom(...services),
  }),
  fc.record({ kind: fc.constant('remove-node' as const), node: fc.constantFrom(...nodes) }),
)
type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never

async function apply(catalog: Catalog, one: Change): Promise<void> {
  switch (one.kind) {
    case 'register':
      await catalog.execute(
        register({
          node: one.node,
          address: `10.0.0.${one.address}`,
          meta: one.meta,
          service: { id: one.service, name: one.service, port: one.port, tags: one.tags, address: one.own },
          checks: [{ id: `up-${one.service}`, name: 'up', status: one.status, serviceId: one.service }],
        }),
      )
      return
    case 'node-check':
      if (catalog.nodes.find(one.node) !== undefined)
        await catalog.execute(
          register({
            node: one.node,
            skipNodeUpdate: true,
            checks: [{ id: 'serfHealth', name: 'serf', status: one.status }],
          }),
        )
      return
    case 'remove-service':
      await catalog.execute(deregister({ node: one.node, serviceId: one.service }))
      return
    case 'remove-node':
      await catalog.execute(deregister({ node: one.node }))
  }
}

const questions: readonly Question[] = [
  ...services.flatMap(name =>
    (['A', 'AAAA', 'SRV', 'ANY'] as const).map(type => ({ name: `${name}.service.consul`, type, edns: 4096 })),
  ),
  { name: 'v1.web.service.consul', edns: 4096 },
  { name: '_web._v2.service.consul', type: 'SRV', edns: 4096 },
  ...nodes.map(node => ({ name: `${node}.node.consul`, edns: 4096 })),
  { name: '1.0.0.10.in-addr.arpa', type: 'PTR' },
  { name: '1.1.0.10.in-addr.arpa', type: 'PTR' },
  { name: 'absent.service.consul' },
]

const answer = (responder: Responder, question: Question): unknown => {
  const packet = responder.respond(encodeQuestion(question), 'udp', '127.0.0.1')
  if (!(packet instanceof Buffer)) throw new Error('no answer at once')
  const { rcode, answers, authorities, additionals } = readReply(Buffer.from(packet))
  return { rcode, answers, authorities, additionals }
}

void t.test('after any change an answer is what it would be without a cache', async t => {
  let hits = 0
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 12 }), async changes => {
      const store = openMemoryStore()
      const catalog = await Catalog.open({ store, clock: systemClock })
      const { responder: cached, counts } = responderOn(catalog)
      try {
        for (const one of changes) {
          // Asked twice before each change, so that every answer is a kept one when the change comes.
          for (const question of questions) for (let i = 0; i < 2; i++) answer(cached, question)
          await apply(catalog, one)
          const { responder: fresh } = responderOn(catalog)
          for (const question of questions) {
            const wanted = normal(answer(fresh, question))
            t.same(
              normal(answer(cached, question)),
              wanted,
              `${question.name} ${question.type ?? 'A'} after ${JSON.stringify(one)}`,
            )
          }
        }
        hits += counts.cacheHits
      } finally {
        catalog.close()
        await store.close()
      }
    }),
    { numRuns: 25 },
  )
  t.ok(hits > 1000, 'the cache was in use')
})

/** Which of several CNAMEs is given is a matter of chance, so only that there is one counts. */
function normal(given: unknown): unknown {
  const reply = given as { rcode: string; answers: readonly string[] }
  return reply.answers.some(record => record.includes(' CNAME ')) ? { rcode: reply.rcode, cname: true } : reply
}
