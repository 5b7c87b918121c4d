import t from 'tap'
import {
  Catalog,
  createQuery,
  createSession,
  deleteQuery,
  destroySession,
  register,
  removeNode,
  updateQuery,
} from '../../../src/catalog/index.js'
import type { QueryData, SessionRequest } from '../../../src/catalog/index.js'
import { milliseconds, seconds } from '../../../src/common/duration.js'
import { systemClock } from '../../../src/common/clock.js'
import { openCatalog, uuid } from '../samples.js'
import { queryData, queryId } from './samples.js'

const session = (digit: string): SessionRequest => ({
  id: uuid(digit),
  name: '',
  node: 'n1',
  lockDelay: milliseconds(0),
  behavior: '',
  ttl: '',
  nodeChecks: [],
  serviceChecks: [],
  checks: [],
})
const node = { node: 'n1', address: '192.0.2.1' }

void t.test('created, changed, deleted; unchanged ones are not written', async t => {
  const { catalog } = await openCatalog(t)
  const query = queryData({
    id: queryId(1),
    name: 'Web',
    ttl: '3s',
    service: { tags: ['a'], nodeMeta: { rack: 'r' }, failover: { nearestN: 2, datacenters: [] } },
  })
  const { result, revision } = await catalog.execute(createQuery(query))
  t.equal(result, query.id)
  t.same(catalog.queries.get(query.id), { ...query, created: revision, modified: revision })
  t.equal((await catalog.execute(updateQuery(query))).revision, revision, 'equal in, nothing out')
  const changed = { ...query, id: query.id.toUpperCase(), name: 'web' }
  t.equal((await catalog.execute(updateQuery(changed))).revision, revision + 1)
  t.match(catalog.queries.get(query.id), { id: query.id, name: 'web', created: revision, modified: revision + 1 })
  await catalog.execute(deleteQuery(query.id))
  t.equal(catalog.queries.get(query.id), undefined)
  t.same(catalog.queries.all(), [])
  const again = "Cannot modify non-existent prepared query: '" + query.id + "'"
  await t.rejects(catalog.execute(deleteQuery(query.id)), { code: 'QUERY_INVALID', status: 500, message: again })
  await t.rejects(catalog.execute(updateQuery(query)), { message: again })
})

void t.test("refusals, in Consul's words", async t => {
  const { catalog } = await openCatalog(t)
  const valid = queryData({ id: queryId(1), name: 'q' })
  const cases: [Partial<QueryData>, string | RegExp][] = [
    [{ name: '' }, 'Invalid prepared query: Must be bound to a session'],
    [
      { token: '<hidden>' },
      "Invalid prepared query: Bad Token '<hidden>', it looks like a query definition with a redacted token was submitted",
    ],
    [queryData({ service: { service: '' } }), 'Invalid prepared query: Must be bound to a session'],
    [{ service: { ...valid.service, service: '' } }, 'Invalid prepared query: Must provide a Service name to query'],
    [
      { service: { ...valid.service, failover: { nearestN: -1, datacenters: null } } },
      "Invalid prepared query: Bad NearestN '-1', must be >= 0",
    ],
    [
      { service: { ...valid.service, nodeMeta: { '': 'x' } } },
      "Invalid prepared query: Invalid NodeMeta filters: Couldn't load metadata pair ('', 'x'): Key cannot be blank",
    ],
    [
      { service: { ...valid.service, serviceMeta: { 'a b': 'x' } } },
      /Invalid ServiceMeta filters: .*Key contains invalid characters$/,
    ],
    [{ ttl: 'soon' }, 'Invalid prepared query: Bad DNS TTL \'soon\': time: invalid duration "soon"'],
    [{ ttl: '10' }, 'Invalid prepared query: Bad DNS TTL \'10\': time: missing unit in duration "10"'],
    [{ ttl: '-1s' }, "Invalid prepared query: DNS TTL '-1000000000', must be >=0"],
    [{ session: uuid('9') }, `raft apply failed: invalid session "${uuid('9')}"`],
    [
      { template: { type: 'odd', regexp: '', removeEmptyTags: false } },
      "raft apply failed: failed compiling template: Bad Template.Type 'odd'",
    ],
    [{ template: { type: '', regexp: 'a', removeEmptyTags: false } }, 'a Regexp needs Template.Type name_prefix_match'],
  ]
  for (const [given, message] of cases)
    await t.rejects(catalog.execute(createQuery({ ...valid, ...given })), { status: 500, message }, String(message))
  await t.rejects(catalog.execute(createQuery({ ...valid, name: 'n'.repeat(1025) })), {
    status: 400,
    message: /^query name "n+…" is 1025 bytes long, at most 1024 are allowed$/,
  })
  t.same(catalog.queries.all(), [])
  await catalog.execute(
    createQuery({ ...valid, service: { ...valid.service, nodeMeta: { 'consul-network-segment': '' } } }),
  )
  t.equal(catalog.queries.all().length, 1, 'metadata that agents give themselves can be looked for')
})

void t.test('a name belongs to one query, and comes free with it', async t => {
  const { catalog } = await openCatalog(t)
  const [first, second] = [queryData({ id: queryId(1), name: 'Web' }), queryData({ id: queryId(2), name: 'api' })]
  await catalog.execute(createQuery(first))
  await catalog.execute(createQuery(second))
  const taken = { message: "raft apply failed: name 'WEB' aliases an existing query name" }
  await t.rejects(catalog.execute(createQuery(queryData({ id: queryId(3), name: 'WEB' }))), taken)
  await t.rejects(catalog.execute(updateQuery({ ...second, name: 'WEB' })), taken)
  await t.rejects(
    catalog.execute(createQuery(queryData({ id: queryId(3), name: 'WEB', template: {} }))),
    taken,
    'templates share the names',
  )
  await t.rejects(catalog.execute(createQuery(queryData({ id: queryId(3), name: queryId(1) }))), {
    message: `raft apply failed: name '${queryId(1)}' aliases an existing query ID`,
  })
  await catalog.execute(updateQuery({ ...first, name: 'other' }))
  await catalog.execute(updateQuery({ ...second, name: 'WEB' }))
  await catalog.execute(deleteQuery(second.id))
  await catalog.execute(createQuery({ ...second, name: 'web' }))
  t.equal(catalog.queries.named('WEB')?.id, second.id)

  await catalog.execute(createQuery(queryData({ id: queryId(4), template: {} })))
  await t.rejects(catalog.execute(createQuery(queryData({ id: queryId(5), template: {} }))), {
    message: 'raft apply failed: a query template with an empty name already exists',
  })
  await catalog.execute(deleteQuery(queryId(4)))
  await catalog.execute(createQuery(queryData({ id: queryId(5), template: {} })))
})

void t.test('of many concurrent writers of one name, on two servers, one succeeds', async t => {
  const { catalog, store } = await openCatalog(t)
  const other = await Catalog.open({ store, clock: systemClock })
  t.teardown(() => {
    other.close()
  })
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, (_, i) =>
      (i % 2 === 0 ? catalog : other).execute(createQuery(queryData({ id: queryId(i), name: 'wanted' }))),
    ),
  )
  t.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
  t.equal(catalog.queries.all().length, 1)
  t.same(other.queries.all(), catalog.queries.all())
})

void t.test('bound to a session, a query needs no name and ends with it, in the same revision', async t => {
  const { catalog } = await openCatalog(t)
  await catalog.execute(register(node))
  for (const digit of ['a', 'b']) await catalog.execute(createSession(session(digit), seconds(10)))
  await catalog.execute(createQuery(queryData({ id: queryId(1), session: uuid('a') })))
  await catalog.execute(createQuery(queryData({ id: queryId(2), session: uuid('a').toUpperCase(), name: 'named' })))
  await catalog.execute(createQuery(queryData({ id: queryId(3), session: uuid('b') })))
  const topic = catalog.queries.topics.one(queryId(1))
  const { revision } = await catalog.execute(destroySession(uuid('a')))
  t.same(
    catalog.queries.all().map(({ id }) => id),
    [queryId(3)],
  )
  t.equal(topic.index, revision)
  t.equal(catalog.sessions.topics.one(uuid('a')).index, revision)
  await catalog.execute(createQuery(queryData({ id: queryId(4), name: 'named' })))
  t.equal(catalog.queries.named('named')?.id, queryId(4), 'the name is free again')
  await catalog.execute(removeNode('n1'))
  t.same(
    catalog.queries.all().map(({ id }) => id),
    [queryId(4)],
    'a node takes its sessions and their queries along',
  )
})

void t.test(
  'a query and the end of its session, at once and on two servers, leave no query without a session',
  async t => {
    const { catalog, store } = await openCatalog(t)
    const other = await Catalog.open({ store, clock: systemClock })
    t.teardown(() => {
      other.close()
    })
    await catalog.execute(register(node))
    for (let round = 0; round < 30; round++) {
      await catalog.execute(createSession(session('c'), seconds(10)))
      const bind = () =>
        other.execute(createQuery(queryData({ id: queryId(round), session: uuid('c') }))).then(
          () => 'bound',
          () => 'refused',
        )
      const end = () => catalog.execute(destroySession(uuid('c')))
      if (round % 2 === 0) await Promise.all([bind(), end()])
      else await Promise.all([end(), bind()])
      t.same([catalog.sessions.all(), catalog.queries.all()], [[], []])
    }
  },
)
