import t from 'tap'
import { deregister, register, removeNode } from '../../src/catalog/index.js'
import type { RegisterRequest } from '../../src/catalog/index.js'
import { nodeData, openCatalog, serviceData, uuid } from './samples.js'

const node = { node: 'x', address: '192.0.2.1' }

for (const [name, request, code, message, status] of [
  ['no node', { node: '', address: '192.0.2.1' }, 'REGISTER_INVALID', 'Must provide node', 500],
  ['no address', { node: 'x' }, 'REGISTER_INVALID', 'Must provide address if SkipNodeUpdate is not set', 500],
  [
    'an id of the wrong length',
    { ...node, id: 'not-a-uuid' },
    'REGISTER_INVALID',
    'Bad node ID: uuid string is wrong length',
    500,
  ],
  [
    'an id without dashes',
    { ...node, id: '0'.repeat(36) },
    'REGISTER_INVALID',
    'Bad node ID: uuid is improperly formatted',
    500,
  ],
  [
    'an id that is not hexadecimal',
    { ...node, id: uuid('z') },
    'REGISTER_INVALID',
    "Bad node ID: encoding/hex: invalid byte: U+007A 'z'",
    500,
  ],
  [
    'a service without a name',
    { ...node, service: { id: 'id-only', port: 1 } },
    'REGISTER_INVALID',
    'Must provide service name with ID',
    500,
  ],
  ['a service with nothing', { ...node, service: {} }, 'REGISTER_INVALID', 'Must provide service name', 500],
  [
    'any address for IPv4',
    { ...node, service: { name: 's', address: '0.0.0.0' } },
    'REGISTER_INVALID',
    'Invalid service address',
    500,
  ],
  [
    'any address for IPv6',
    { ...node, service: { name: 's', address: '::' } },
    'REGISTER_INVALID',
    'Invalid service address',
    500,
  ],
  [
    'a check of no service',
    { ...node, checks: [{ id: 'c', serviceId: 'absent' }] },
    'CATALOG_MISSING_SERVICE',
    'failed inserting check: Missing service registration on node "x"',
    500,
  ],
  [
    'a check of another node',
    { ...node, checks: [{ id: 'c', node: 'y' }] },
    'REGISTER_INVALID',
    'failed inserting check: check node "y" does not match node "x"',
    500,
  ],
  [
    'a check without id and name',
    { ...node, checks: [{}] },
    'REGISTER_INVALID',
    'failed inserting check: Must provide check id or name',
    500,
  ],
  [
    'a node name that fits nowhere',
    { ...node, node: 'ü'.repeat(128) },
    'CATALOG_NAME_TOO_LONG',
    /^node name "ü+…" is 256 bytes long, at most 255 are allowed$/,
    400,
  ],
  [
    'a service name that fits nowhere',
    { ...node, service: { name: 's'.repeat(1025) } },
    'CATALOG_NAME_TOO_LONG',
    /1025 bytes long/,
    400,
  ],
] as readonly [string, RegisterRequest, string, string | RegExp, number][]) {
  void t.test(`refused: ${name}`, async t => {
    const { catalog } = await openCatalog(t)
    await t.rejects(catalog.execute(register(request)), { code, message, status })
    t.same([...catalog.nodes.all()], [])
    t.equal(catalog.revision, 1, 'nothing was written')
  })
}

void t.test('missing fields get their defaults', async t => {
  const { catalog } = await openCatalog(t)
  const { result, revision } = await catalog.execute(
    register({
      ...node,
      service: { name: 'web' },
      checks: [{ name: 'up' }, { id: 'c', name: 'c', status: 'odd', serviceId: 'web' }],
    }),
  )
  t.equal(result.writes, 4)
  t.equal(revision, 2, 'one transaction')
  const at = { created: 2, modified: 2 }
  t.same(catalog.nodes.find('x'), { ...nodeData(node), ...at })
  t.same(catalog.services.get('x', 'web'), { ...serviceData({ id: 'web', node: 'x' }), ...at })
  t.match(catalog.checks.get('x', 'up'), {
    id: 'up',
    name: 'up',
    status: 'critical',
    type: '',
    definition: {},
    serviceName: '',
    ...at,
  })
  t.match(catalog.checks.get('x', 'c'), { status: 'odd', serviceName: 'web' })
})

void t.test('the same again writes nothing and moves nothing', async t => {
  const { catalog } = await openCatalog(t)
  const request: RegisterRequest = {
    ...node,
    meta: { a: 'b', c: 'd' },
    service: { name: 'web', tags: ['t'] },
    checks: [{ id: 'c', serviceId: 'web' }],
  }
  await catalog.execute(register(request))
  const { result, revision } = await catalog.execute(register({ ...request, node: 'X', meta: { c: 'd', a: 'b' } }))
  t.equal(result.writes, 0)
  t.equal(revision, 2)
  t.equal(catalog.revision, 2)
  await catalog.execute(register({ ...request, checks: [{ id: 'c', serviceId: 'web', output: 'new' }] }))
  t.match(
    [catalog.nodes.find('x'), catalog.services.get('x', 'web'), catalog.checks.get('x', 'c')].map(
      item => item?.modified,
    ),
    [2, 2, 3],
    'only what differs is written',
  )
})

void t.test('SkipNodeUpdate leaves an existing node alone, and creates a missing one', async t => {
  const { catalog } = await openCatalog(t)
  await catalog.execute(register({ ...node, meta: { rack: 'a' } }))
  await catalog.execute(register({ node: 'X', address: '192.0.2.99', skipNodeUpdate: true, service: { name: 'web' } }))
  t.match(catalog.nodes.find('x'), { node: 'x', address: '192.0.2.1', meta: { rack: 'a' }, modified: 2 })
  t.equal(catalog.services.get('x', 'web')?.node, 'x', 'the service shows the registered spelling of its node')
  await catalog.execute(register({ node: 'new', skipNodeUpdate: true }))
  t.match(catalog.nodes.find('new'), { address: '' })
})

void t.test('a check keeps name and tags of its service as they were when it was written', async t => {
  const { catalog } = await openCatalog(t)
  const up = { id: 'up', serviceId: 'web', status: 'passing' }
  await catalog.execute(register({ ...node, service: { name: 'web', tags: ['old'] }, checks: [up] }))
  await catalog.execute(register({ ...node, service: { name: 'web', tags: ['new'] } }))
  t.same(catalog.checks.get('x', 'up')?.serviceTags, ['old'])
  await catalog.execute(register({ ...node, checks: [up] }))
  t.same(catalog.checks.get('x', 'up')?.serviceTags, ['new'])
})

void t.test('definitions are kept in one spelling, and give the type of a check that says none', async t => {
  const { catalog } = await openCatalog(t)
  const cases = [
    [
      { HTTP: 'http://x/', Interval: '10s', Timeout: '1s', DeregisterCriticalServiceAfter: '1h' },
      'http',
      { HTTP: 'http://x/', Interval: '10s', Timeout: '1s', DeregisterCriticalServiceAfter: '1h0m0s' },
    ],
    [
      { TCP: 'x:1', IntervalDuration: 10_000_000_000, Timeout: 0, Header: {}, Body: '' },
      'tcp',
      { TCP: 'x:1', Interval: '10s' },
    ],
    [{ GRPC: 'x:1', HTTP: 'x' }, 'grpc', { GRPC: 'x:1', HTTP: 'x' }],
    [{ AliasService: 'web' }, 'alias', { AliasService: 'web' }],
    [{ ScriptArgs: ['true'] }, 'script', { ScriptArgs: ['true'] }],
    [{ ScriptArgs: ['true'], DockerContainerID: 'd' }, 'docker', { ScriptArgs: ['true'], DockerContainerID: 'd' }],
    [{ H2PING: 'x:1' }, 'h2ping', { H2PING: 'x:1' }],
    [{ TTL: '10s' }, 'ttl', { TTL: '10s' }],
    [{ Interval: 'soon' }, '', { Interval: 'soon' }],
  ] as const
  for (const [definition, type, kept] of cases) {
    await catalog.execute(register({ ...node, checks: [{ id: 'c', definition }] }))
    t.match(catalog.checks.get('x', 'c'), { type })
    t.same(catalog.checks.get('x', 'c')?.definition, kept)
  }
  await catalog.execute(register({ ...node, checks: [{ id: 'c', type: 'mine', definition: { TCP: 'x:1' } }] }))
  t.equal(catalog.checks.get('x', 'c')?.type, 'mine')
})

void t.test('the id decides who a node is', async t => {
  const a = uuid('a')
  const b = uuid('b')
  const serfHealth = (status: string) => ({ id: 'serfHealth', status })

  await t.test('a known id under a new name renames the node, and what ran under the old name goes', async t => {
    const { catalog } = await openCatalog(t)
    await catalog.execute(register({ ...node, id: a, service: { name: 'web' }, checks: [serfHealth('passing')] }))
    await catalog.execute(register({ ...node, node: 'y', id: a }))
    t.equal(catalog.nodes.find('x'), undefined)
    t.equal(catalog.nodes.find(a)?.node, 'y')
    t.same([catalog.checks.inState('any'), catalog.health.instances('web')], [[], []])
    t.equal(catalog.revision, 3, 'in one transaction')
  })

  await t.test('a new spelling of the own name renames nothing away', async t => {
    const { catalog } = await openCatalog(t)
    await catalog.execute(
      register({ ...node, id: a, service: { name: 'web' }, checks: [{ id: 'c', serviceId: 'web' }] }),
    )
    await catalog.execute(register({ ...node, node: 'X', id: a }))
    t.equal(catalog.nodes.find('x')?.node, 'X')
    t.equal(catalog.services.get('x', 'web')?.node, 'X')
    t.equal(catalog.checks.get('x', 'c')?.node, 'X')
  })

  await t.test('the name of another id is refused while its owner lives', async t => {
    const { catalog } = await openCatalog(t)
    await catalog.execute(register({ ...node, id: a, checks: [serfHealth('passing')] }))
    await t.rejects(catalog.execute(register({ ...node, node: 'X', id: b })), {
      code: 'CATALOG_NODE_NAME_TAKEN',
      status: 500,
      message: `failed inserting node: Error while renaming Node ID: "${b}": Node name X is reserved by node ${a} with name x (192.0.2.1)`,
    })
    await catalog.execute(register({ ...node, checks: [serfHealth('critical')] }))
    await catalog.execute(register({ ...node, id: b }))
    t.equal(catalog.nodes.find('x')?.id, b, 'and may be taken over once the owner is down')
  })

  await t.test('a node without an id may get one; a rename onto one is refused', async t => {
    const { catalog } = await openCatalog(t)
    await catalog.execute(register({ ...node, checks: [serfHealth('passing')] }))
    await catalog.execute(register({ ...node, node: 'y', id: a }))
    await t.rejects(catalog.execute(register({ ...node, id: a })), {
      message: `failed inserting node: Error while renaming Node ID: "${a}" (192.0.2.1): Node name x is reserved by node  with name x (192.0.2.1)`,
    })
    await catalog.execute(register({ ...node, id: b }))
    t.equal(catalog.nodes.find('x')?.id, b)
  })

  await t.test('a node without an agent may get another id at any time, and keeps what runs on it', async t => {
    const { catalog } = await openCatalog(t)
    await catalog.execute(register({ ...node, id: a, service: { name: 'web' } }))
    await catalog.execute(register({ ...node, id: b, service: { name: 'db' } }))
    t.equal(catalog.nodes.find('x')?.id, b)
    t.equal(catalog.nodes.find(a), undefined)
    t.same(
      catalog.services.ofNode('x').map(service => service.name),
      ['db', 'web'],
    )
    await catalog.execute(register({ ...node, node: 'y', id: a }))
    await catalog.execute(register({ ...node, id: a }))
    t.same(
      [...catalog.nodes.all()].map(one => [one.node, one.id]),
      [['x', a]],
      'also that of a node that is renamed',
    )
  })

  await t.test('a write without an id says nothing about it', async t => {
    const { catalog } = await openCatalog(t)
    await catalog.execute(register({ ...node, id: a }))
    await catalog.execute(register({ ...node, address: '192.0.2.7' }))
    t.match(catalog.nodes.find('x'), { id: a, address: '192.0.2.7' })
  })

  await t.test('a node is found by its id and by a prefix that no other id has', async t => {
    const { catalog } = await openCatalog(t)
    await catalog.execute(register({ ...node, id: 'abcdef01-0000-4000-8000-000000000000' }))
    await catalog.execute(register({ ...node, node: 'y', id: 'abcdef02-0000-4000-8000-000000000000' }))
    for (const [asked, found] of [
      ['abcdef01-0000-4000-8000-000000000000', 'x'],
      ['ABCDEF02', 'y'],
      ['abcdef01-0', 'x'],
      ['abcdef0', undefined],
      ['abc', undefined],
      ['Y', 'y'],
      ['abcdeg', undefined],
    ] as const)
      t.equal(catalog.nodes.find(asked)?.node, found, asked)
    await catalog.execute(register({ ...node, node: 'abcdef02' }))
    t.equal(catalog.nodes.find('abcdef02')?.node, 'abcdef02', 'a name comes before an id')
  })
})

void t.test('deregister', async t => {
  const setUp = async (t: Parameters<typeof openCatalog>[0]) => {
    const { catalog } = await openCatalog(t)
    await catalog.execute(
      register({
        ...node,
        service: { id: 'a1', name: 'a' },
        checks: [{ id: 'c1', serviceId: 'a1' }, { id: 'c2' }, { id: 'c3' }],
      }),
    )
    await catalog.execute(register({ ...node, service: { name: 'b' } }))
    return catalog
  }
  for (const [name, request, services, checks, writes] of [
    ['a check', { node: 'X', checkId: 'c3' }, ['a1', 'b'], ['c1', 'c2'], 1],
    ['a service, with its checks', { node: 'x', serviceId: 'a1' }, ['b'], ['c2', 'c3'], 2],
    ['a service goes before a check', { node: 'x', serviceId: 'b', checkId: 'c3' }, ['a1'], ['c1', 'c2', 'c3'], 1],
    ['a node, with everything', { node: 'X' }, [], [], 6],
    ['an unknown service', { node: 'x', serviceId: 'absent' }, ['a1', 'b'], ['c1', 'c2', 'c3'], 0],
    ['an unknown check', { node: 'x', checkId: 'absent' }, ['a1', 'b'], ['c1', 'c2', 'c3'], 0],
    ['an unknown node', { node: 'absent' }, ['a1', 'b'], ['c1', 'c2', 'c3'], 0],
  ] as const) {
    await t.test(name, async t => {
      const catalog = await setUp(t)
      const { result } = await catalog.execute(deregister(request))
      t.equal(result.writes, writes)
      t.same(
        catalog.services.ofNode('x').map(({ id }) => id),
        services,
      )
      t.same(
        catalog.checks.ofNode('x').map(({ id }) => id),
        checks,
      )
    })
  }
  await t.test('no node is refused', async t => {
    const { catalog } = await openCatalog(t)
    await t.rejects(catalog.execute(deregister({ node: '' })), {
      code: 'DEREGISTER_INVALID',
      message: 'Must provide node',
      status: 500,
    })
  })
})

void t.test('removeNode spares a successor of the same name', async t => {
  const { catalog } = await openCatalog(t)
  await catalog.execute(register({ ...node, id: uuid('a'), service: { name: 'web' } }))
  t.equal((await catalog.execute(removeNode('x', uuid('b')))).result, false)
  t.ok(catalog.nodes.find('x'))
  t.equal((await catalog.execute(removeNode('X', uuid('A')))).result, true)
  t.same([[...catalog.nodes.all()], catalog.health.instances('web')], [[], []])
  t.equal((await catalog.execute(removeNode('x'))).result, false)
})
