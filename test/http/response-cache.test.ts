import fc from 'fast-check'
import t from 'tap'
import { gunzipSync } from 'node:zlib'
import type { Topic } from '../../src/catalog/index.js'
import { systemClock } from '../../src/common/clock.js'
import { createHttpServer } from '../../src/http/index.js'
import { acceptsGzip, PreparedBody } from '../../src/http/answer/prepared-body.js'
import { Query } from '../../src/http/request/query.js'
import { contentKey } from '../../src/http/reads/reads.js'
import { ResponseCache } from '../../src/http/reads/response-cache.js'
import { serve, type Served } from './support/serve.js'

interface MovingTopic extends Topic {
  index: Topic['index']
}

const topicAt = (index: number): MovingTopic => ({ name: 'test', index: index as Topic['index'] })
const bodyOf = (topic: Topic, text: string): PreparedBody =>
  new PreparedBody({ status: 200, type: 'application/json', bytes: Buffer.from(text) }, topic, topic.index)

void t.test('limits hold whatever is asked for, and what is used stays', t => {
  const limits = { bodies: 8, bytes: 100_000, urlsPerBody: 2, urlLength: 64 }
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(30), fc.nat(3), fc.nat(20_000)), { maxLength: 200 }), steps => {
      const cache = new ResponseCache(limits)
      const topic = topicAt(1)
      for (const [key, url, size] of steps) {
        const body = cache.body(`k${key}`) ?? bodyOf(topic, 'x'.repeat(size))
        if (cache.body(`k${key}`) === undefined) cache.keepBody(`k${key}`, body)
        cache.keepAnswer(`/${key}/${url}`, `k${key}`, { body, reach: 'handed-on', plain: [], gzip: 'small' })
        const { bodies, urls, bytes } = cache.held
        t.ok(
          bodies <= limits.bodies && bytes <= limits.bytes && urls <= bodies * limits.urlsPerBody && bytes >= 0,
          JSON.stringify(cache.held),
        )
        const kept = cache.answer(`/${key}/${url}`)
        t.ok(kept === undefined || kept.body === cache.body(`k${key}`), 'an answer never outlives its body')
      }
      cache.clear()
      t.same(cache.held, { bodies: 0, urls: 0, bytes: 0 })
    }),
    { numRuns: 60 },
  )

  const cache = new ResponseCache(limits)
  const topic = topicAt(1)
  cache.keepBody('used', bodyOf(topic, 'x'))
  for (let i = 0; i < 100; i++) {
    t.ok(cache.body('used'), `after ${i} others`)
    cache.keepBody(`other${i}`, bodyOf(topic, 'y'))
  }
  topic.index = 2 as Topic['index']
  t.equal(cache.body('used'), undefined, 'a topic that moved makes it stale')
  t.end()
})

void t.test('keys: what differs in content differs in key', t => {
  const key = (search: string): string =>
    contentKey('/v1/health/service/web', new Query(search), false, ['filter', 'near', 'node-meta', 'passing', 'tag'])
  t.equal(key('index=5&wait=1s&stale&token=secret&dc=dc1'), key(''), 'the manner of asking is no content')
  t.equal(
    new Set(
      [
        '',
        'passing',
        'passing=false',
        'tag=a',
        'tag=a&tag=b',
        'tag=a%26tag=b',
        'near=_agent',
        'node-meta=a:b',
        'node-meta=a:b&tag=a',
        'filter=x',
        'muster-from=dc2',
      ].map(key),
    ).size,
    11,
  )
  for (const [one, other] of [
    ['x=1', 'x=2'],
    ['tag=a&tag=b', 'tag=b&tag=a&tag=a'],
    ['near=a&near=b', 'near=a'],
    ['passing&tag=a&raw', 'tag=a&passing'],
    ['recurse=1', ''],
  ]) {
    t.equal(key(one ?? ''), key(other ?? ''), `${one} says what ${other} says`)
  }
  const list = (search: string): string => contentKey('/v1/kv/a', new Query(search), false, ['recurse'])
  t.equal(list('recurse=1'), list('recurse&x=3'), 'what only has to be there is the same with any value')
  t.not(contentKey('/a', new Query(''), true, []), contentKey('/a', new Query(''), false, []))
  t.end()
})

void t.test('which Accept-Encoding headers allow gzip', t => {
  const cases: readonly [string | undefined, boolean][] = [
    [undefined, false],
    ['', false],
    ['gzip', true],
    ['deflate, gzip;q=1.0, *;q=0.5', true],
    ['gzip;q=0', false],
    ['gzip; q=0.000', false],
    ['gzip;q=0.1', true],
    ['x-gzip', false],
    ['identity', false],
    ['GZIP', true],
  ]
  for (const [header, expected] of cases) t.equal(acceptsGzip(header), expected, String(header))
  t.end()
})

void t.test('large answers are packed for those who ask, kept or not, with the same content', async t => {
  const { put, get } = await serve(t)
  for (let i = 0; i < 30; i++)
    await put('/v1/catalog/register', { Node: `n${i}`, Address: '192.0.2.1', Service: { Service: 'web', Port: i } })
  const gzip = { headers: { 'accept-encoding': 'gzip' } }
  for (const path of ['/v1/health/service/web', '/v1/agent/self']) {
    const plain = await get(path)
    t.equal(plain.headers['content-encoding'], undefined)
    for (let round = 0; round < 3; round++) {
      const packed = await get(path, gzip)
      t.equal(packed.headers['content-encoding'], 'gzip', `${path} ${round}`)
      t.equal(packed.headers['content-length'], String(packed.bytes.length))
      t.ok(packed.bytes.length < plain.bytes.length / 2)
      if (path !== '/v1/agent/self') t.equal(gunzipSync(packed.bytes).toString(), plain.body)
    }
    t.equal((await get(path)).headers['content-encoding'], undefined, 'and plain again')
  }
  t.equal((await get('/v1/catalog/service/none', gzip)).headers['content-encoding'], undefined, 'small ones are not')
})

type Step = readonly ['write', number, number, string] | readonly ['drop', number, number] | readonly ['read', number]

const paths = [
  '/v1/health/service/web',
  '/v1/health/service/web?passing',
  '/v1/health/service/web?passing&stale',
  '/v1/health/service/db?tag=t1',
  '/v1/catalog/service/web',
  '/v1/catalog/service/web?near=n1',
  '/v1/catalog/nodes',
  '/v1/catalog/nodes?node-meta=k:v0',
  '/v1/catalog/services',
  '/v1/catalog/services?node-meta=k:v1',
  '/v1/catalog/node/n0',
  '/v1/catalog/node-services/n1',
  '/v1/health/node/n0',
  '/v1/health/checks/web',
  '/v1/health/checks/web?node-meta=k:v1',
  '/v1/health/state/critical',
  '/v1/health/state/any?node-meta=k:v0',
  '/v1/internal/ui/nodes',
  '/v1/internal/ui/services',
  '/v1/internal/ui/node/n1',
  '/v1/catalog/service/absent',
]

void t.test('a kept answer is always the one that would be built now', async t => {
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.tuple(fc.constant('write' as const), fc.nat(2), fc.nat(3), fc.constantFrom('passing', 'critical')),
    fc.tuple(fc.constant('drop' as const), fc.nat(2), fc.nat(3)),
    fc.tuple(fc.constant('read' as const), fc.nat(paths.length - 1)),
  )
  const keeping = await serve(t)
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async steps => {
      for (const one of steps) await run(keeping, one)
      const kept = await Promise.all(paths.map(async path => (await keeping.get(path)).body))
      const again = await Promise.all(paths.map(async path => (await keeping.get(path)).body))
      // One that has kept nothing, not even parts of answers.
      const newcomer = createHttpServer({ ...keeping, clock: systemClock, random: () => 0, alwaysCurrent: true })
      const fresh = await Promise.all(
        paths.map(async path => (await newcomer.get(path, new AbortController().signal)).body),
      )
      for (const [i, path] of paths.entries()) {
        if (kept[i] !== fresh[i] || again[i] !== fresh[i])
          throw new Error(`${path}: kept ${kept[i] ?? ''}, fresh ${fresh[i] ?? ''}`)
      }
    }),
    { numRuns: 40 },
  )
})

async function run({ put, get }: Served, step: Step): Promise<void> {
  if (step[0] === 'read') {
    await get(paths[step[1]] ?? '')
    return
  }
  const [kind, node, which] = step
  const service = ['web', 'db', 'cache', 'absent'][which] ?? ''
  if (kind === 'drop')
    await put('/v1/catalog/deregister', which === 3 ? { Node: `n${node}` } : { Node: `n${node}`, ServiceID: service })
  else {
    await put('/v1/catalog/register', {
      Node: `n${node}`,
      Address: `192.0.2.${which}`,
      NodeMeta: { k: `v${which % 2}` },
      Service: { Service: service, Tags: [`t${which}`], Port: node },
      Checks: [
        { Name: 'node', Status: step[3] },
        { CheckID: `c-${service}`, Name: 'c', Status: step[3], ServiceID: service },
      ],
    })
  }
}
