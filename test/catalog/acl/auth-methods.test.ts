import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import {
  bindName,
  createBindingRule,
  createLoginToken,
  deleteAuthMethod,
  deleteBindingRule,
  liveToken,
  logout,
  readAuthMethod,
  setAuthMethod,
  updateBindingRule,
} from '../../../src/catalog/index.js'
import type { Catalog } from '../../../src/catalog/index.js'
import { hours, minutes, seconds } from '../../../src/common/duration.js'
import { MusterError } from '../../../src/common/errors.js'
import { testCertificate } from '../../support/certificate.js'
import { openCatalog } from '../samples.js'
import { addRole, addToken, ids, jwtConfig, methodRequest, now, refused, ruleRequest, run } from './requests.js'

const absent = '11111111-2222-3333-4444-555555555555'
const set = (given: Parameters<typeof methodRequest>[0] = {}) => setAuthMethod(methodRequest(given), randomUUID())
const anySelector = (): void => undefined

/** Logs somebody in with a method. The result is the accessor. */
const login = (catalog: Catalog, method = 'm', given: { roles?: readonly string[]; service?: string } = {}) =>
  catalog.execute(
    createLoginToken(
      {
        method,
        description: 'token created via login',
        roles: given.roles ?? [],
        serviceIdentities: given.service === undefined ? [] : [{ service: given.service, datacenters: [] }],
        nodeIdentities: [],
      },
      ids(),
      now,
    ),
  )

void t.test('auth methods', async t => {
  const { catalog } = await openCatalog(t)
  await run(catalog, set({ displayName: 'M', maxTokenTtl: minutes(90), tokenLocality: 'global' }))
  const { instance } = catalog.authMethods.get('M') ?? {}
  await run(catalog, set({ type: '', description: 'x', config: { ...jwtConfig, BoundIssuer: 'i' } }))
  t.match(catalog.authMethods.get('m'), {
    type: 'jwt',
    displayName: '',
    description: 'x',
    config: { BoundIssuer: 'i' },
    instance,
  })
  const cases: readonly (readonly [Parameters<typeof methodRequest>[0], string])[] = [
    [{ name: '' }, 'Invalid Auth Method: no Name is set'],
    [{ name: 'bad name' }, "Invalid Auth Method: invalid Name. Only alphanumeric characters, '-' and '_' are allowed"],
    [{ type: 'kubernetes' }, 'the Type field of an Auth Method is immutable'],
    [{ name: 'n', type: 'ldap' }, 'Invalid Auth Method: Type should be one of: [jwt kubernetes]'],
    [{ name: 'n', type: '' }, 'Invalid Auth Method: Type should be one of: [jwt kubernetes]'],
    [{ name: 'n', maxTokenTtl: seconds(30) }, 'MaxTokenTTL 30s cannot be less than 1m0s'],
    [{ name: 'n', maxTokenTtl: hours(48) }, 'MaxTokenTTL 48h0m0s cannot be more than 24h0m0s'],
    [
      { config: { ...jwtConfig, Nope: 1 } },
      "Invalid Auth Method: error decoding config: 1 error(s) decoding:\n\n* '' has invalid keys: Nope",
    ],
    [{ name: 'n', tokenLocality: 'galaxy' }, "Invalid Auth Method: TokenLocality should be one of 'local' or 'global'"],
  ]
  for (const [given, text] of cases) await refused(catalog, set(given), text)
  t.match(readAuthMethod(catalog, methodRequest({ type: '' })), { type: 'jwt' }, 'known before it is written')
  t.equal(await run(catalog, deleteAuthMethod('none')), true)
})

void t.test('binding rules', async t => {
  const { catalog } = await openCatalog(t)
  await run(catalog, set({ config: { ...jwtConfig, ClaimMappings: { user: 'user' } } }))
  const { cert } = await testCertificate('localhost')
  const jwt = `${Buffer.from('{}').toString('base64url')}.e30.c2ln`
  const config = { Host: 'https://k', CACert: cert, ServiceAccountJWT: jwt }
  await run(catalog, set({ name: 'k', type: 'kubernetes', config }))
  const create = (given: Parameters<typeof ruleRequest>[0]) => createBindingRule(ruleRequest(given), anySelector)
  const cases: readonly (readonly [Parameters<typeof ruleRequest>[0], string])[] = [
    [{ authMethod: '' }, 'Invalid Binding Rule: no AuthMethod is set'],
    [{ authMethod: 'none' }, 'cannot find auth method with name "none"'],
    [{ bindType: '' }, 'Invalid Binding Rule: no BindType is set'],
    [{ bindName: '' }, 'Invalid Binding Rule: no BindName is set'],
    [{ bindType: 'policy' }, 'Invalid Binding Rule: unknown BindType "policy"'],
    [{ bindName: 'No' }, 'Invalid Binding Rule: invalid BindName'],
    [
      { bindName: 'a-${value.nope}' },
      'Invalid Binding Rule: invalid BindName: 1:5: unknown variable accessed: value.nope',
    ],
    [{ bindName: '${list.m}' }, 'Invalid Binding Rule: invalid BindName: 1:3: unknown variable accessed: list.m'],
    [
      { bindName: 'a-${value.user' },
      'Invalid Binding Rule: invalid BindName: 1:3: expected "}" but found end of string',
    ],
    [{ bindType: 'role', bindName: 'Fine-${value.user}!' }, 'Invalid Binding Rule: invalid BindName'],
  ]
  for (const [given, text] of cases) await refused(catalog, create(given), text)
  const id = await run(catalog, create({ bindType: 'role', bindName: 'Team_${value.user}', selector: 'x' }))
  await run(catalog, create({ authMethod: 'k', bindName: '${serviceaccount.name}' }))
  const update = (given: Parameters<typeof ruleRequest>[0]) =>
    updateBindingRule(ruleRequest({ id, ...given }), anySelector)
  await refused(catalog, update({ authMethod: 'k' }), 'the AuthMethod field of an Binding Rule is immutable')
  await refused(catalog, update({ id: absent }), `cannot find binding rule ${absent}`)
  await refused(catalog, update({ id: 'x' }), 'Binding Rule ID invalid UUID')
  await refused(
    catalog,
    createBindingRule(ruleRequest({ selector: 'x' }), () => {
      throw new MusterError('ACL_INVALID', 'no selector')
    }),
    'no selector',
  )
  await run(catalog, update({ authMethod: '', bindName: 'svc' }))
  t.match(catalog.bindingRules.get(id), { authMethod: 'm', bindType: 'service', bindName: 'svc', selector: '' })
  await run(catalog, deleteAuthMethod('m'))
  t.equal(catalog.bindingRules.get(id), undefined, 'rules go with their method')
  t.equal(catalog.bindingRules.all().length, 1)
  t.equal(await run(catalog, deleteBindingRule(id)), true)
})

void t.test('names of binding rules are filled in, in small letters', async t => {
  const pattern = { bindType: 'service', bindName: 'a-${value.x}-${ value.y }' } as const
  t.same(
    bindName(
      pattern,
      new Map([
        ['value.x', 'TEAM'],
        ['value.y', '1'],
      ]),
    ),
    { ok: true, name: 'a-team-1', isValid: true },
  )
  t.same(
    bindName(
      pattern,
      new Map([
        ['value.x', '$'],
        ['value.y', '1'],
      ]),
    ),
    { ok: true, name: 'a-$-1', isValid: false },
  )
  fc.assert(
    fc.property(fc.string(), fc.string(), (text, value) => {
      const bound = bindName({ bindType: 'role', bindName: `x${text}` }, new Map([['v', value]]))
      if (bound.ok && bound.isValid) t.match(bound.name, /^[A-Za-z0-9_-]+$/)
    }),
  )
})

void t.test('logins and logouts', async t => {
  const { catalog } = await openCatalog(t)
  await run(catalog, set({ maxTokenTtl: hours(1) }))
  const role = await addRole(catalog, 'ops')
  const { result } = await login(catalog, 'm', { roles: ['none', 'ops', 'OPS'], service: 'web' })
  const token = liveToken(catalog, result, now)
  t.match(token, { local: true, roles: [role], expirationTime: now + 3_600_000, login: { method: 'm' } })
  await t.rejects(login(catalog, 'none'), { message: 'ACL not found: auth method "none" not found', status: 403 })
  await t.rejects(login(catalog, 'm', { roles: ['none'] }), { message: 'Permission denied', status: 403 })
  const { secret } = await addToken(catalog)
  await refused(catalog, logout(secret, now), 'Permission denied', 403)
  await refused(catalog, logout(absent, now), 'ACL not found', 403)
  await run(catalog, logout(token.secret, now))
  t.equal(catalog.tokens.get(result), undefined)
})

void t.test('tokens become invalid with their auth method, also before they are deleted', async t => {
  const { catalog } = await openCatalog(t)
  await run(catalog, set())
  for (let i = 0; i < 35; i++) await login(catalog, 'm', { service: 'web' })
  await run(catalog, deleteAuthMethod('m'))
  const [left] = catalog.tokens.all()
  t.equal(catalog.tokens.all().length, 5)
  t.throws(() => liveToken(catalog, left?.accessor ?? '', now), { message: 'ACL not found' })
  await run(catalog, set())
  t.throws(() => liveToken(catalog, left?.accessor ?? '', now), { message: 'ACL not found' }, 'another of that name')
})
