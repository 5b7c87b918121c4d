import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { Authorizer, nodeRules, readRules, serviceRules } from '../../../src/acl/index.js'
import type { DefaultPolicy } from '../../../src/acl/index.js'
import {
  deletePolicy,
  deleteRole,
  foundAcl,
  putLegacyToken,
  TokenRights,
  updatePolicy,
  updateRole,
  updateToken,
} from '../../../src/catalog/index.js'
import type { Catalog } from '../../../src/catalog/index.js'
import { minutes } from '../../../src/common/duration.js'
import { openCatalog } from '../samples.js'
import { addPolicy, addRole, addToken, byId, now, policyData, roleRequest, run, tokenRequest } from './requests.js'

const rightsIn = (
  catalog: Catalog,
  given: { datacenter?: string; defaultPolicy?: DefaultPolicy; at?: () => number } = {},
) =>
  new TokenRights({
    state: catalog,
    datacenter: given.datacenter ?? 'dc1',
    defaultPolicy: given.defaultPolicy ?? 'deny',
    now: given.at ?? (() => now),
  })

const read = 'key_prefix "" { policy = "read" }'
const write = 'key_prefix "" { policy = "write" }'

void t.test('rights follow what a token links to, as it changes', async t => {
  const { catalog } = await openCatalog(t)
  const rights = rightsIn(catalog)
  const policy = await addPolicy(catalog, 'kv', read)
  const role = await addRole(catalog, 'readers', { policies: [byId(policy)] })
  const { accessor, secret } = await addToken(catalog, { roles: [byId(role)] })
  const may = (access: 'read' | 'write') => rights.of(secret).authorizer.allows('key', access, 'a')
  t.same([may('read'), may('write')], [true, false])
  t.equal(rights.of(secret).authorizer, rights.of(secret).authorizer)
  await run(catalog, updatePolicy(policyData({ id: policy, name: 'kv', rules: write })))
  t.equal(may('write'), true)
  await run(catalog, updatePolicy(policyData({ id: policy, name: 'kv', rules: write, datacenters: ['dc9'] })))
  t.equal(may('read'), false)
  t.equal(rightsIn(catalog, { datacenter: 'dc9' }).of(secret).authorizer.allows('key', 'write', 'a'), true)
  await run(catalog, updatePolicy(policyData({ id: policy, name: 'kv', rules: write })))
  await run(catalog, updateRole(roleRequest({ id: role, name: 'readers' })))
  t.equal(may('read'), false)
  await run(catalog, updateToken(tokenRequest({ accessor, policies: [byId(policy)] }), now))
  t.equal(may('write'), true)
  await run(catalog, deletePolicy(policy))
  t.equal(may('read'), false)
})

void t.test('identities and templates hold in their datacenters', async t => {
  const { catalog } = await openCatalog(t)
  const fleet = await addRole(catalog, 'fleet', {
    serviceIdentities: [
      { service: 'api', datacenters: [] },
      { service: 'web', datacenters: ['dc2'] },
    ],
    nodeIdentities: [{ node: 'edge', datacenter: 'dc1' }],
  })
  const { secret } = await addToken(catalog, {
    roles: [byId(fleet)],
    serviceIdentities: [{ service: 'db', datacenters: ['dc1'] }],
    templatedPolicies: [{ template: 'builtin/service', name: 'job', datacenters: ['dc2'] }],
  })
  const services = (datacenter: string) => {
    const { authorizer } = rightsIn(catalog, { datacenter }).of(secret)
    return ['api', 'web', 'db', 'job'].filter(name => authorizer.allows('service', 'write', name))
  }
  t.same(services('dc1'), ['api', 'db'])
  t.same(services('dc2'), ['api', 'web', 'job'])
  t.equal(rightsIn(catalog).of(secret).authorizer.allows('node', 'write', 'edge'), true)
  t.equal(rightsIn(catalog, { datacenter: 'dc2' }).of(secret).authorizer.allows('node', 'write', 'edge'), false)
  t.match(rightsIn(catalog).of(secret).authorizer.explain('service', 'write', 'db'), { policy: 'service identity db' })
})

void t.test('tokens that are not there, have expired, or cannot be one', async t => {
  const { catalog } = await openCatalog(t)
  let at = now
  const rights = rightsIn(catalog, { at: () => at })
  const { secret } = await addToken(catalog, { expirationTtl: minutes(1) })
  t.ok(rights.of(secret))
  at = now + 60_000
  t.throws(() => rights.of(secret), { message: 'ACL not found', status: 403 })
  t.throws(() => rights.of('unknown'), { message: 'ACL not found', status: 403 })
  for (const name of ['allow', 'deny', 'manage'])
    t.throws(() => rights.of(name), { message: 'Cannot resolve root ACL', status: 500 })
})

void t.test('rights of anonymous requests and of management tokens', async t => {
  const { catalog } = await openCatalog(t)
  t.equal(rightsIn(catalog).of('').authorizer.allows('key', 'read', 'a'), false, 'before anything is founded')
  const initial = { accessor: randomUUID(), secret: randomUUID() }
  await run(catalog, foundAcl({ now, initial }))
  const rights = rightsIn(catalog, { defaultPolicy: 'allow' })
  t.equal(rights.of('').token?.description, 'Anonymous Token')
  t.equal(rights.of('').authorizer.allows('key', 'write', 'a'), true)
  t.equal(rights.of('').authorizer.allows('acl', 'read'), false)
  const { authorizer } = rights.of(initial.secret)
  for (const resource of [
    'acl',
    'keyring',
    'mesh',
    'operator',
    'agent',
    'event',
    'key',
    'node',
    'query',
    'service',
    'session',
    'intention',
  ] as const)
    t.equal(authorizer.allows(resource, 'write', 'x'), true, resource)
  const other = await addToken(catalog, { policies: [byId('00000000-0000-0000-0000-000000000001')] })
  t.equal(rights.of(other.secret).authorizer, authorizer, 'those with the same parts share one')
})

void t.test('rules of old tokens are about beginnings', async t => {
  const { catalog } = await openCatalog(t)
  const rules = 'key "app" { policy = "write" } key "app/secret" { policy = "deny" }'
  await run(catalog, putLegacyToken({ id: 'old', name: '', type: 'client', rules }, randomUUID(), now))
  const { authorizer } = rightsIn(catalog).of('old')
  t.equal(authorizer.allows('key', 'write', 'app2'), true)
  t.equal(authorizer.allows('key', 'read', 'app/secret'), false)
})

/** What may happen, by the numbers of policies, roles and tokens. */
type Step =
  | { readonly kind: 'policy'; readonly i: number; readonly rules: string; readonly away: boolean }
  | { readonly kind: 'role'; readonly i: number; readonly links: readonly number[]; readonly named: boolean }
  | { readonly kind: 'token'; readonly i: number; readonly links: readonly number[]; readonly named: boolean }
  | { readonly kind: 'drop'; readonly i: number; readonly policy: boolean }

const number = fc.nat(2)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('policy' as const),
    i: number,
    rules: fc.constantFrom(
      '',
      read,
      write,
      'service "a" { policy = "deny" }',
      'acl = "read"',
      'node "a" { policy = "write" }',
    ),
    away: fc.boolean(),
  }),
  fc.record({
    kind: fc.constantFrom('role' as const, 'token' as const),
    i: number,
    links: fc.uniqueArray(number),
    named: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('drop' as const), i: number, policy: fc.boolean() }),
)

/** The same rights, gathered from the catalog for each question. */
function gathered(catalog: Catalog, secret: string): Authorizer {
  const token = catalog.tokens.withSecret(secret)
  const holders =
    token === undefined ? [] : [token, ...catalog.roles.all().filter(({ id }) => token.roles.includes(id))]
  const texts = holders.flatMap(({ policies, serviceIdentities, nodeIdentities }) => [
    ...catalog.policies
      .all()
      .filter(
        ({ id, datacenters }) => policies.includes(id) && (datacenters.length === 0 || datacenters.includes('dc1')),
      )
      .map(({ rules }) => rules),
    ...serviceIdentities.map(({ service }) => serviceRules(service)),
    ...nodeIdentities.map(({ node }) => nodeRules(node)),
  ])
  return new Authorizer(
    texts.map(text => ({ policy: '', rules: readRules(text) })),
    'deny',
  )
}

void t.test('cached rights always equal those of the catalog', async () => {
  const names = ['p0', 'p1', 'p2']
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async steps => {
      const undo: (() => unknown)[] = []
      const { catalog } = await openCatalog({ teardown: end => undo.push(end) })
      const rights = rightsIn(catalog)
      const tokens = await Promise.all(names.map(() => addToken(catalog)))
      const linksTo = (of: 'policies' | 'roles', links: readonly number[]) =>
        links.flatMap(i => catalog[of].named(names[i] ?? '') ?? []).map(({ id }) => byId(id))
      for (const one of steps) {
        const name = names[one.i] ?? ''
        if (one.kind === 'policy') {
          const standing = catalog.policies.named(name)
          const given = { name, rules: one.rules, datacenters: one.away ? ['dc9'] : [] }
          if (standing === undefined) await addPolicy(catalog, name, given.rules, given.datacenters)
          else await run(catalog, updatePolicy(policyData({ ...given, id: standing.id })))
        } else if (one.kind === 'role') {
          const standing = catalog.roles.named(name)
          const given = {
            policies: linksTo('policies', one.links),
            serviceIdentities: one.named ? [{ service: 'a', datacenters: [] }] : [],
          }
          if (standing === undefined) await addRole(catalog, name, given)
          else await run(catalog, updateRole(roleRequest({ ...given, name, id: standing.id })))
        } else if (one.kind === 'token') {
          const { accessor = '' } = tokens[one.i] ?? {}
          const given = one.named
            ? { roles: linksTo('roles', one.links) }
            : { policies: linksTo('policies', one.links), nodeIdentities: [{ node: 'a', datacenter: 'dc1' }] }
          await run(catalog, updateToken(tokenRequest({ accessor, ...given }), now))
        } else {
          const standing = one.policy ? catalog.policies.named(name) : catalog.roles.named(name)
          if (standing !== undefined)
            await run(catalog, one.policy ? deletePolicy(standing.id) : deleteRole(standing.id))
        }
        for (const { secret } of tokens)
          assert.equal(rights.of(secret).authorizer.fingerprint, gathered(catalog, secret).fingerprint)
      }
      for (const end of undo) await end()
    }),
    { numRuns: 60 },
  )
})
