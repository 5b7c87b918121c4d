import t from 'tap'
import {
  createLoginToken,
  createToken,
  deleteAuthMethod,
  deleteToken,
  foundAcl,
  setAuthMethod,
  startTokenReaper,
} from '../../../src/catalog/index.js'
import type { Catalog } from '../../../src/catalog/index.js'
import { milliseconds, minutes } from '../../../src/common/duration.js'
import { openMemoryStore } from '../../../src/store/index.js'
import { FakeClock } from '../../support/fake-clock.js'
import { until } from '../../support/until.js'
import { openCatalog } from '../samples.js'
import { addPolicy, addRole, byName, ids, methodRequest, now, run, tokenRequest } from './requests.js'

const addToken = (catalog: Catalog, clock: FakeClock, life?: number) =>
  run(
    catalog,
    createToken(tokenRequest(life === undefined ? {} : { expirationTtl: milliseconds(life) }), ids(), clock.now()),
  )

void t.test('tokens that have expired are deleted within a second or so, and nothing else', async t => {
  const clock = new FakeClock()
  const { catalog } = await openCatalog(t, { clock, store: openMemoryStore({ clock }) })
  const reaper = startTokenReaper({ catalog, clock })
  await addToken(catalog, clock)
  await clock.advance(5000)
  const short = await Promise.all(Array.from({ length: 100 }, () => addToken(catalog, clock, minutes(1))))
  const long = await addToken(catalog, clock, minutes(2))
  await clock.advance(59_999)
  t.equal(catalog.tokens.all().length, 102)
  await clock.advance(1500)
  await until('those of a minute are gone', () => catalog.tokens.all().length === 2)
  t.equal(catalog.tokens.get(short[0] ?? ''), undefined)
  const soon = await addToken(catalog, clock, minutes(1))
  await run(catalog, deleteToken(long, ''))
  await clock.advance(61_000)
  await until('one that came while it waited is gone', () => catalog.tokens.get(soon) === undefined)
  reaper.close()
  await clock.advance(2000)
  t.equal(clock.pending, 0, 'nothing is left running')
})

void t.test('tokens whose auth method is gone are deleted', async t => {
  const clock = new FakeClock()
  const { catalog } = await openCatalog(t, { clock, store: openMemoryStore({ clock }) })
  await run(catalog, setAuthMethod(methodRequest(), 'first'))
  const request = { method: 'm', description: '', roles: [], nodeIdentities: [] }
  for (let i = 0; i < 80; i++)
    await run(
      catalog,
      createLoginToken({ ...request, serviceIdentities: [{ service: 'web', datacenters: [] }] }, ids(), clock.now()),
    )
  const reaper = startTokenReaper({ catalog, clock })
  t.teardown(() => {
    reaper.close()
  })
  await clock.advance(3000)
  t.equal(catalog.tokens.all().length, 80)
  await run(catalog, deleteAuthMethod('m'))
  await clock.advance(2000)
  await until('all are gone', () => catalog.tokens.all().length === 0)
})

void t.test('access rules are part of what is saved and restored', async t => {
  const { catalog } = await openCatalog(t)
  await run(catalog, foundAcl({ now, initial: ids() }))
  const policy = await addPolicy(catalog, 'kv', 'key_prefix "" { policy = "read" }')
  await addRole(catalog, 'readers', { policies: [byName('kv')] })
  await run(catalog, setAuthMethod(methodRequest(), 'first'))
  const accessor = await run(catalog, createToken(tokenRequest({ roles: [byName('readers')] }), ids(), now))
  const { entries } = await catalog.save()
  const other = await openCatalog(t)
  await other.catalog.restore(entries)
  const { catalog: restored } = other
  t.equal(restored.policies.get(policy)?.name, 'kv')
  t.match(restored.tokens.get(accessor), { secret: catalog.tokens.get(accessor)?.secret })
  t.equal(restored.roles.named('readers')?.policies[0], policy)
  t.equal(restored.authMethods.get('m')?.instance, 'first')
  t.equal(restored.aclBootstrap.has('done'), true)
  t.equal(await run(restored, foundAcl({ now })), false, 'what is builtin is there')
  t.same(
    (await restored.save()).entries.map(({ key }) => key),
    entries.map(({ key }) => key),
  )
})
