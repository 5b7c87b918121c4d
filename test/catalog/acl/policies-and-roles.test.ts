import { randomUUID } from 'node:crypto'
import t from 'tap'
import {
  createPolicy,
  createRole,
  deletePolicy,
  deleteRole,
  foundAcl,
  managementPolicyId,
  updatePolicy,
  updateRole,
} from '../../../src/catalog/index.js'
import { openCatalog } from '../samples.js'
import { addPolicy, addRole, byName, now, policyData, refused, roleRequest, run } from './requests.js'

const absent = '11111111-2222-3333-4444-555555555555'
const badName = "invalid Name. Only alphanumeric characters, '-' and '_' are allowed"

void t.test('policies are created, changed, renamed and deleted', async t => {
  const { catalog } = await openCatalog(t)
  const topic = catalog.policies.topics.all()
  const id = await addPolicy(catalog, 'kv-read', 'key_prefix "" { policy = "read" }')
  t.equal(topic.index, catalog.revision)
  const other = await addPolicy(catalog, 'other')
  const seen = catalog.policies.topics.one(other).index
  await run(catalog, updatePolicy(policyData({ id, name: 'kv-write', rules: 'key_prefix "" { policy = "write" }' })))
  t.equal(catalog.policies.topics.one(other).index, seen, 'another policy is not touched')
  t.equal(catalog.policies.named('kv-read'), undefined)
  t.equal(catalog.policies.named('KV-Write')?.id, id)
  const { modified } = catalog.policies.get(id) ?? {}
  await run(catalog, updatePolicy(policyData({ id, name: 'kv-write', rules: 'key_prefix "" { policy = "write" }' })))
  t.equal(catalog.policies.get(id)?.modified, modified)
  await run(catalog, updatePolicy(policyData({ id, name: 'KV-write' })))
  await addPolicy(catalog, 'kv-read')
  await run(catalog, deletePolicy(id))
  t.equal(await run(catalog, deletePolicy(id)), true)
  await addPolicy(catalog, 'kv-write')
})

void t.test('policies that are refused', async t => {
  const { catalog } = await openCatalog(t)
  const id = await addPolicy(catalog, 'taken')
  const second = await addPolicy(catalog, 'second')
  const create = (given: Parameters<typeof policyData>[0]) => createPolicy(policyData(given))
  await refused(catalog, create({ name: 'Taken' }), 'Invalid Policy: A Policy with Name "Taken" already exists')
  await refused(catalog, create({ name: 'bad name!' }), `Invalid Policy: ${badName}`)
  await refused(catalog, create({ name: 'p'.repeat(129) }), `Invalid Policy: ${badName}`)
  await refused(catalog, create({ name: '' }), 'Invalid Policy: no Name is set')
  await refused(catalog, create({ name: 'n', rules: 'acl = "list"' }), 'Invalid acl policy: "list"')
  await run(catalog, create({ name: 'p'.repeat(128) }))
  const update = (given: Parameters<typeof policyData>[0]) => updatePolicy(policyData(given))
  await refused(catalog, update({ id: absent }), `cannot find policy ${absent}`)
  await refused(catalog, update({ id: 'x' }), 'Policy ID invalid UUID')
  await refused(
    catalog,
    update({ id: second, name: 'taken' }),
    'Invalid Policy: A policy with name "taken" already exists',
  )
  await refused(
    catalog,
    update({ id, name: 'taken', rules: 'acl = ' }),
    'Failed to parse ACL rules: At 1:6: expected a value for "acl", found the end of the file',
  )
  await Promise.allSettled([create({ name: 'race' }), create({ name: 'RACE' })].map(one => catalog.execute(one)))
  t.equal(catalog.policies.all().filter(({ name }) => name.toLowerCase() === 'race').length, 1)
})

void t.test('the builtin policy stays what it is', async t => {
  const { catalog } = await openCatalog(t)
  t.equal(await run(catalog, foundAcl({ now })), true)
  t.equal(await run(catalog, foundAcl({ now })), false, 'nothing is founded twice')
  const builtin = catalog.policies.named('global-management')
  t.equal(builtin?.id, managementPolicyId)
  const { rules = '' } = builtin ?? {}
  const update = (given: Parameters<typeof policyData>[0]) =>
    updatePolicy(policyData({ id: managementPolicyId, name: 'global-management', rules, ...given }))
  await refused(
    catalog,
    update({ rules: '' }),
    'Changing the Rules for the builtin global-management policy is not permitted',
  )
  await refused(
    catalog,
    update({ datacenters: ['dc1'] }),
    'Changing the Datacenters for the builtin global-management policy is not permitted',
  )
  await refused(
    catalog,
    deletePolicy(managementPolicyId),
    'Delete operation not permitted on the builtin global-management policy',
  )
  await run(catalog, update({ name: 'boss', description: 'renamed' }))
  t.match(catalog.policies.get(managementPolicyId), { name: 'boss', rules })
  t.equal(await run(catalog, foundAcl({ now })), false, 'its new name is left to it')
})

void t.test('roles are created, changed, renamed and deleted', async t => {
  const { catalog } = await openCatalog(t)
  const policy = await addPolicy(catalog, 'read-kv')
  const id = await addRole(catalog, 'readers', { description: 'd', policies: [byName('read-kv')] })
  t.match(catalog.roles.get(id), { name: 'readers', policies: [policy] })
  await run(catalog, updateRole(roleRequest({ id, name: 'writers', policies: [byName('read-kv')] })))
  t.equal(catalog.roles.named('writers')?.id, id)
  t.equal(catalog.roles.named('readers'), undefined)
  const create = (given: Parameters<typeof roleRequest>[0]) => createRole(roleRequest(given))
  await refused(catalog, create({ name: 'writers' }), 'Invalid Role: A Role with Name "writers" already exists')
  await refused(catalog, create({ name: 'a b' }), `Invalid Role: ${badName}`)
  await refused(catalog, create({ name: 'r'.repeat(257) }), `Invalid Role: ${badName}`)
  await refused(catalog, create({ name: '' }), 'Invalid Role: no Name is set')
  await refused(catalog, create({ name: 'x', policies: [byName('absent')] }), 'No such ACL policy with name "absent"')
  await refused(
    catalog,
    create({ name: 'x', nodeIdentities: [{ node: 'n9', datacenter: '' }] }),
    'Node identity is missing the datacenter field on this role',
  )
  await refused(
    catalog,
    create({ name: 'x', templatedPolicies: [{ template: 'x', name: '', datacenters: [] }] }),
    'no such ACL templated policy with Name "x"',
  )
  await run(catalog, create({ name: 'r'.repeat(256) }))
  const other = await addRole(catalog, 'other')
  await refused(
    catalog,
    updateRole(roleRequest({ id: other, name: 'writers' })),
    'Invalid Role: A role with name "writers" already exists',
  )
  await refused(catalog, updateRole(roleRequest({ id: absent, name: 'back' })), `cannot find role ${absent}`)
  await refused(catalog, updateRole(roleRequest({ id: 'x', name: 'back' })), 'Role ID invalid UUID')
  await run(catalog, deleteRole(id))
  t.equal(await run(catalog, deleteRole(randomUUID())), true)
  t.equal(catalog.roles.get(id), undefined)
  await addRole(catalog, 'writers')
})
