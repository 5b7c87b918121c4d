import { randomUUID } from 'node:crypto'
import t from 'tap'
import {
  bootstrapAcl,
  cloneToken,
  contentHash,
  createToken,
  deletePolicy,
  deleteRole,
  deleteToken,
  destroyLegacyToken,
  foundAcl,
  anonymousAccessor,
  linksOf,
  liveToken,
  managementPolicyId,
  putLegacyToken,
  updateToken,
} from '../../../src/catalog/index.js'
import { hours, milliseconds, minutes, seconds } from '../../../src/common/duration.js'
import { openCatalog } from '../samples.js'
import { addPolicy, addRole, addToken, byId, byName, ids, now, refused, run, tokenRequest } from './requests.js'

const absent = '11111111-2222-3333-4444-555555555555'
const reserved = 'Invalid Token: UUIDs with the prefix "00000000-0000-0000-0000-0000000000" are reserved'
const accessor = 'aaaaaaaa-0000-4000-8000-000000000001'
const secret = 'bbbbbbbb-0000-4000-8000-000000000001'

void t.test('what a token is granted stands once, links by id', async t => {
  const { catalog } = await openCatalog(t)
  const alpha = await addPolicy(catalog, 'alpha')
  const beta = await addPolicy(catalog, 'beta')
  const crew = await addRole(catalog, 'crew', { policies: [byName('beta')] })
  await addToken(catalog, {
    accessor,
    secret,
    description: 'first',
    policies: [byName('BETA'), byName('alpha'), byId(beta)],
    roles: [byName('crew'), byId(crew)],
    serviceIdentities: [
      { service: 'web', datacenters: ['dc2'] },
      { service: 'api', datacenters: [] },
      { service: 'web', datacenters: ['dc1'] },
    ],
    nodeIdentities: ['n9', 'n8', 'n9'].map(node => ({ node, datacenter: 'dc1' })),
    templatedPolicies: [{ template: 'builtin/dns', name: '', datacenters: [] }],
    expirationTtl: hours(1),
  })
  const token = liveToken(catalog, accessor, now)
  t.match(token, {
    secret,
    policies: [beta, alpha],
    roles: [crew],
    serviceIdentities: [
      { service: 'api', datacenters: [] },
      { service: 'web', datacenters: ['dc1', 'dc2'] },
    ],
    nodeIdentities: [{ node: 'n8' }, { node: 'n9' }],
    createTime: now,
    expirationTime: now + 3_600_000,
  })
  t.equal(catalog.tokens.withSecret(secret), token)
  await run(catalog, deletePolicy(alpha))
  t.same(linksOf(token.policies, catalog.policies), [{ id: beta, name: 'beta' }])
  await run(catalog, deleteRole(crew))
  t.same(linksOf(token.roles, catalog.roles), [])
})

void t.test('tokens that cannot be created', async t => {
  const { catalog } = await openCatalog(t)
  await addToken(catalog, { accessor, secret })
  const cases: readonly (readonly [Parameters<typeof tokenRequest>[0], string])[] = [
    [{ policies: [byName('absent')] }, 'No such ACL policy with name "absent"'],
    [{ policies: [byId(absent)] }, `No such ACL policy with ID "${absent}"`],
    [{ roles: [byName('none')] }, 'No such ACL role with name "none"'],
    [{ roles: [byId(absent)] }, `No such ACL role with ID "${absent}"`],
    [{ accessor }, 'Invalid Token: AccessorID is already in use'],
    [{ accessor: accessor.toUpperCase() }, 'Invalid Token: AccessorID is already in use'],
    [{ accessor: secret }, 'Invalid Token: AccessorID is already in use'],
    [{ accessor: 'not-a-uuid' }, 'Invalid Token: AccessorID is not a valid UUID'],
    [{ accessor: '00000000-0000-0000-0000-000000000099' }, reserved],
    [{ secret }, 'Invalid Token: SecretID is already in use'],
    [{ secret: accessor }, 'Invalid Token: SecretID is already in use'],
    [{ secret: 'not a uuid' }, 'Invalid Token: SecretID is not a valid UUID'],
    [{ secret: '00000000-0000-0000-0000-000000000098' }, reserved],
    [{ authMethod: 'jwt' }, 'AuthMethod field is disallowed outside of Login'],
    [{ rules: 'key "" { policy = "read" }' }, 'Rules cannot be specified for this token'],
    [
      { serviceIdentities: [{ service: '', datacenters: [] }] },
      'Service identity is missing the service name field on this token',
    ],
    [
      { serviceIdentities: [{ service: 'web', datacenters: ['dc1'] }], local: true },
      'Service identity "web" cannot specify a list of datacenters on a local token',
    ],
    [
      { nodeIdentities: [{ node: 'n', datacenter: '' }] },
      'Node identity is missing the datacenter field on this token',
    ],
    [{ expirationTtl: minutes(-1) }, "Token Expiration TTL '-1m0s' should be > 0"],
    [{ expirationTtl: hours(25) }, 'ExpirationTime cannot be more than 24h0m0s in the future (was 25h0m0s)'],
    [{ expirationTtl: seconds(59) }, 'ExpirationTime cannot be less than 1m0s in the future (was 59s)'],
    [
      { expirationTtl: hours(1), expirationTime: now + 3_600_000 },
      'Token Expiration TTL and Expiration Time cannot both be set',
    ],
    [{ expirationTime: now - 1 }, 'ExpirationTime cannot be before CreateTime'],
    [
      { description: 'd'.repeat(10_000) },
      'Invalid Token: the Description has 10000 characters, at most 8192 are allowed',
    ],
    [{ policies: Array(1001).fill(byName('p')) }, '1001 policies are given, at most 1000 are allowed'],
  ]
  for (const [given, text] of cases) await refused(catalog, createToken(tokenRequest(given), ids(), now), text)
  await addToken(catalog, { expirationTtl: hours(24) })
  await addToken(catalog, { expirationTtl: minutes(1) })
  await addToken(catalog, { expirationTtl: milliseconds(0) })
})

void t.test('a token is changed but for what it keeps', async t => {
  const { catalog } = await openCatalog(t)
  const alpha = await addPolicy(catalog, 'alpha')
  const login = await addToken(catalog, { accessor, secret, policies: [byId(alpha)] })
  const day = await addToken(catalog, { expirationTtl: hours(24) })
  const change = (given: Parameters<typeof tokenRequest>[0], at = now) =>
    updateToken(tokenRequest({ accessor, ...given }), at)
  const cases: readonly (readonly [Parameters<typeof tokenRequest>[0], string])[] = [
    [{ secret: absent }, 'Changing a tokens SecretID is not permitted'],
    [{ local: true }, `cannot toggle local mode of ${accessor}`],
    [{ expirationTtl: hours(1) }, `Cannot change expiration time of ${accessor}`],
    [{ expirationTime: now + 3_600_000 }, `Cannot change expiration time of ${accessor}`],
    [{ authMethod: 'x' }, `Cannot change AuthMethod of ${accessor}`],
    [{ accessor: day.accessor, expirationTtl: hours(1) }, `Cannot change expiration time of ${day.accessor}`],
    [{ accessor: absent }, `Cannot find token "${absent}"`],
    [
      { accessor: 'nonsense' },
      'Failed acl token lookup by accessor: failed acl token lookup: index error: UUID must be 36 characters',
    ],
  ]
  for (const [given, text] of cases) await refused(catalog, change(given), text)
  await refused(
    catalog,
    change({ accessor: day.accessor }, now + 24 * 3_600_000),
    `Cannot find token "${day.accessor}"`,
  )
  const before = contentHash(liveToken(catalog, accessor, now))
  await run(catalog, change({ secret, description: 'changed' }))
  const changed = liveToken(catalog, accessor, now)
  t.match(changed, { secret: login.secret, description: 'changed', policies: [], createTime: now })
  t.not(contentHash(changed), before)
  const { revision } = await catalog.execute(change({ description: 'changed' }))
  t.equal(catalog.tokens.get(accessor)?.modified, changed.modified, 'nothing is written that changes nothing')
  t.ok(revision >= changed.modified)
  await run(catalog, change({ accessor: day.accessor, description: 'kept its time' }))
  t.equal(catalog.tokens.get(day.accessor)?.expirationTime, now + 24 * 3_600_000)
})

void t.test('clones and deletions', async t => {
  const { catalog } = await openCatalog(t)
  await run(catalog, foundAcl({ now }))
  const alpha = await addPolicy(catalog, 'alpha')
  await addToken(catalog, { accessor, policies: [byId(alpha)], description: 'first', expirationTtl: hours(2) })
  const copy = await run(catalog, cloneToken(accessor, '', ids(), now + 1000))
  t.match(catalog.tokens.get(copy), { policies: [alpha], description: 'first', expirationTime: now + 7_200_000 })
  const other = await run(catalog, cloneToken(accessor, 'copy', ids(), now))
  t.match(catalog.tokens.get(other), { description: 'copy' })
  t.not(catalog.tokens.get(other)?.secret, catalog.tokens.get(accessor)?.secret)
  await refused(catalog, cloneToken(absent, '', ids(), now), 'ACL not found', 403)
  await refused(catalog, cloneToken(accessor, '', ids(), now + 7_200_000), 'ACL not found', 403)

  await refused(catalog, deleteToken('nonsense', ''), 'Accessor ID is missing or an invalid UUID')
  await refused(catalog, deleteToken(anonymousAccessor, ''), 'Delete operation not permitted on the anonymous token')
  const { secret: own = '' } = catalog.tokens.get(accessor) ?? {}
  await refused(catalog, deleteToken(accessor, own), "Deletion of the request's authorization token is not permitted")
  t.equal(await run(catalog, deleteToken(absent, '')), true)
  await run(catalog, deleteToken(accessor, 'another'))
  t.equal(catalog.tokens.get(accessor), undefined)
  t.equal(catalog.tokens.withSecret(own), undefined)
  await addToken(catalog, { accessor, secret: own })
  t.ok(catalog.tokens.get(accessor), 'its ids are free again')
  t.throws(() => liveToken(catalog, 'nonsense', now), {
    message: 'failed acl token lookup: index error: UUID must be 36 characters',
  })
})

void t.test('of two concurrent writes of one id only one succeeds', async t => {
  const { catalog } = await openCatalog(t)
  const outcomes = await Promise.allSettled([
    addToken(catalog, { secret }),
    addToken(catalog, { secret }),
    addToken(catalog, { accessor: secret }),
  ])
  t.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
  t.equal(catalog.tokens.all().length, 1)
})

void t.test('the first token, and how another one is allowed', async t => {
  const { catalog } = await openCatalog(t)
  await run(catalog, foundAcl({ now }))
  const first = await run(catalog, bootstrapAcl(ids(), now))
  t.match(catalog.tokens.get(first), {
    policies: [managementPolicyId],
    description: 'Bootstrap Token (Global Management)',
  })
  const index = catalog.aclBootstrap.get('done') ?? 0
  const again = (resetIndex?: number) => bootstrapAcl(ids(), now, resetIndex)
  await refused(catalog, again(), `Permission denied: ACL bootstrap no longer allowed (reset index: ${index})`, 403)
  await refused(catalog, again(1), `Invalid bootstrap reset index (specified 1, reset index: ${index})`)
  const second = await run(catalog, again(index))
  t.ok(catalog.tokens.get(first) !== undefined && catalog.tokens.get(second) !== undefined)
  await refused(
    catalog,
    again(index),
    `Invalid bootstrap reset index (specified ${index}, reset index: ${catalog.aclBootstrap.get('done')})`,
  )
})

void t.test('a configured token takes the place of the first one', async t => {
  const { catalog } = await openCatalog(t)
  const initial = { accessor: randomUUID(), secret: 'any text will do' }
  t.equal(await run(catalog, foundAcl({ now, initial })), true)
  t.equal(await run(catalog, foundAcl({ now, initial: { ...initial, accessor: randomUUID() } })), false)
  t.match(catalog.tokens.withSecret(initial.secret), { accessor: initial.accessor, policies: [managementPolicyId] })
  const index = catalog.aclBootstrap.get('done')
  await refused(
    catalog,
    bootstrapAcl(ids(), now),
    `Permission denied: ACL bootstrap no longer allowed (reset index: ${index})`,
    403,
  )
  await refused(
    catalog,
    putLegacyToken({ id: initial.secret, name: 'x', type: '', rules: '' }, randomUUID(), now),
    'Cannot use legacy endpoint to modify a non-legacy token',
  )
})

void t.test('tokens of the first ACL system', async t => {
  const { catalog } = await openCatalog(t)
  await run(catalog, foundAcl({ now }))
  const put = (given: { id: string; type?: string; rules?: string }) =>
    putLegacyToken({ name: 'app', type: '', rules: '', ...given }, randomUUID(), now)
  const rules = 'key "app/" { policy = "write" }'
  t.equal(await run(catalog, put({ id: 'my-own-id', rules })), 'my-own-id')
  const old = catalog.tokens.withSecret('my-own-id')
  t.match(old, { description: 'app', type: 'client', rules })
  await run(catalog, put({ id: 'my-own-id', rules: '' }))
  t.match(catalog.tokens.withSecret('my-own-id'), { accessor: old?.accessor, rules: '' })
  await run(catalog, put({ id: 'boss', type: 'management' }))
  t.match(catalog.tokens.withSecret('boss'), { policies: [managementPolicyId] })
  await refused(catalog, put({ id: 'x', type: 'other' }), 'Invalid ACL Type')
  await refused(
    catalog,
    put({ id: 'x', rules: 'key "a" { policy = "perhaps" }' }),
    'ACL rule compilation failed: Invalid key policy: "perhaps"',
  )
  await refused(catalog, put({ id: 'manage' }), 'Permission denied: Cannot modify root ACL', 403)
  const own = old?.accessor ?? ''
  await refused(catalog, cloneToken(own, '', ids(), now), 'Cannot clone a legacy ACL with this endpoint')
  await run(catalog, updateToken(tokenRequest({ accessor: own, description: 'moved' }), now))
  t.match(catalog.tokens.get(own), { type: '', rules: '', secret: 'my-own-id' })
  await refused(catalog, put({ id: 'my-own-id' }), 'Cannot use legacy endpoint to modify a non-legacy token')
  await refused(catalog, destroyLegacyToken('anonymous'), 'Permission denied: Cannot delete anonymous token', 403)
  await run(catalog, destroyLegacyToken('my-own-id'))
  t.equal(await run(catalog, destroyLegacyToken('my-own-id')), true)
  t.equal(catalog.tokens.get(own), undefined)
})
