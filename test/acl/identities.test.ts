import assert from 'node:assert/strict'
import t from 'tap'
import { AuthorizerCache } from '../../src/acl/authorizer-cache.js'
import type { Part } from '../../src/acl/authorizer-cache.js'
import {
  joinNodeIdentities,
  joinServiceIdentities,
  nodeIdentityFault,
  nodeRules,
  serviceIdentityFault,
  serviceRules,
} from '../../src/acl/identities.js'
import { readRules } from '../../src/acl/rules/read-rules.js'
import {
  joinTemplatedPolicies,
  policyTemplates,
  templatedPolicyFault,
  templateRules,
} from '../../src/acl/templated-policies.js'

const part = (id: string, rules: string): Part => ({ id, policy: id, rules, language: 'current' })

t.test('a service identity lets a service be registered and others be found', async () => {
  const rights = new AuthorizerCache('deny').get([
    part('web', serviceRules('web')),
    part('strict', 'service_prefix "" { policy = "deny" } node "db1" { policy = "deny" }'),
  ])
  assert.ok(rights.allows('service', 'write', 'web'))
  assert.ok(rights.allows('service', 'write', 'web-sidecar-proxy'))
  assert.ok(!rights.allows('service', 'read', 'db'), 'the stronger word about all services holds')
  assert.ok(rights.allows('node', 'read', 'n1'))
  assert.ok(!rights.allows('node', 'read', 'db1'))
})

t.test('a node identity lets a node be registered and services be found', async () => {
  const rights = new AuthorizerCache('deny').get([part('n1', nodeRules('n1'))])
  assert.ok(rights.allows('node', 'write', 'n1'))
  assert.ok(rights.allows('service', 'read', 'db'))
  assert.ok(!rights.allows('node', 'read', 'n2'))
})

t.test('faults of identities, in the words of Consul', async () => {
  const faults = [
    [
      serviceIdentityFault({ service: 'Web', datacenters: [] }, 'token', false),
      'Service identity "Web" has an invalid',
    ],
    [serviceIdentityFault({ service: 'web-', datacenters: [] }, 'token', false), 'Service identity "web-" has an inva'],
    [serviceIdentityFault({ service: 'w'.repeat(257), datacenters: [] }, 'token', false), 'Service identity "www'],
    [
      serviceIdentityFault({ service: '', datacenters: [] }, 'role', false),
      'Service identity is missing the service name field on this role',
    ],
    [
      serviceIdentityFault({ service: 'web', datacenters: ['dc1'] }, 'token', true),
      'Service identity "web" cannot specify a list of datacenters on a local token',
    ],
    [
      nodeIdentityFault({ node: 'n', datacenter: '' }, 'role'),
      'Node identity is missing the datacenter field on this role',
    ],
    [
      nodeIdentityFault({ node: '', datacenter: 'dc1' }, 'token'),
      'Node identity is missing the node name field on this token',
    ],
    [
      nodeIdentityFault({ node: 'N!', datacenter: 'dc1' }, 'token'),
      "Node identity has an invalid name. Only alphanumeric characters, '-' and '_' are allowed",
    ],
    [
      templatedPolicyFault({ template: 'mine', name: '', datacenters: [] }, 'token', false),
      'no such ACL templated policy with Name "mine"',
    ],
    [templatedPolicyFault({ template: 'builtin/node', name: '', datacenters: [] }, 'token', false), 'validation error'],
    [templatedPolicyFault({ template: 'builtin/dns', name: 'x', datacenters: [] }, 'token', false), 'validation error'],
    [
      templatedPolicyFault({ template: 'builtin/service', name: 'a" {}', datacenters: [] }, 'token', false),
      'validation error',
    ],
  ] as const
  for (const [fault, beginning] of faults) assert.ok(fault?.startsWith(beginning), `${fault}: ${beginning}`)
  assert.equal(serviceIdentityFault({ service: 'w'.repeat(256), datacenters: ['dc1'] }, 'token', false), undefined)
  assert.equal(nodeIdentityFault({ node: 'a_b-1', datacenter: 'dc1' }, 'token'), undefined)
})

t.test('identities stand once each, in order', async () => {
  const web = (...datacenters: readonly string[]) => ({ service: 'web', datacenters })
  assert.deepEqual(joinServiceIdentities([web('dc2'), { service: 'api', datacenters: [] }, web('dc1')]), [
    { service: 'api', datacenters: [] },
    { service: 'web', datacenters: ['dc1', 'dc2'] },
  ])
  assert.deepEqual(joinServiceIdentities([web('dc2'), web(), web('dc1')]), [web()])
  const node = (name: string) => ({ node: name, datacenter: 'dc1' })
  assert.deepEqual(joinNodeIdentities([node('n9'), node('n8'), node('n9')]), [node('n8'), node('n9')])
  const use = (...datacenters: readonly string[]) => ({ template: 'builtin/service', name: 'a', datacenters })
  assert.deepEqual(joinTemplatedPolicies([use('b'), use('a')]), [use('a', 'b')])
})

t.test('every template gives rules that can be read', async () => {
  for (const { name, isNamed } of policyTemplates.values()) {
    const text = templateRules({ template: name, name: isNamed ? 'web' : '', datacenters: [] })
    assert.ok(readRules(text).length > 0, name)
    assert.ok(!text.includes('{{'), name)
  }
  const gateway = new AuthorizerCache('deny').get([
    part('gateway', templateRules({ template: 'builtin/api-gateway', name: 'web', datacenters: [] })),
  ])
  assert.ok(gateway.allows('mesh', 'read') && gateway.allows('service', 'write', 'web'))
  assert.ok(!gateway.allows('service', 'write', 'api') && !gateway.allows('operator', 'read'))
})

t.test('tokens with the same parts share an authorizer', async () => {
  const cache = new AuthorizerCache('deny')
  const [a, b] = [part('a', 'acl = "read"'), part('b', 'operator = "read"')]
  assert.equal(cache.get([a, b]), cache.get([b, a, b]))
  assert.notEqual(cache.get([a]), cache.get([a, b]))
  const changed = cache.get([{ ...a, id: 'a2', rules: 'acl = "write"' }])
  assert.ok(changed.allows('acl', 'write'))
})

t.test('unused authorizers are dropped', async () => {
  const cache = new AuthorizerCache('deny')
  const first = cache.get([part('first', 'acl = "read"')])
  const kept = part('kept', 'acl = "write"')
  const second = cache.get([kept])
  for (let i = 0; i < 1000; i++) {
    cache.get([part(`other ${i}`, '')])
    assert.equal(cache.get([kept]), second)
  }
  assert.notEqual(cache.get([part('first', 'acl = "read"')]), first)
})
