import t from 'tap'
import { newCluster } from '../support/cluster.js'
import { until } from '../support/until.js'
import { rawValue } from './raw-value.js'

t.test('what a lone server kept in LMDB is there when it becomes one of two', async t => {
  const cluster = newCluster(t)
  const first = await (
    await cluster.add({
      name: 'first',
      role: 'server',
      expect: 1,
      conf: { 'web.json': { service: { name: 'web', port: 80 } } },
    })
  ).start()
  await until('it takes writes', async () => (await first.put('/v1/kv/old/0', 'value 0')) === 'true')
  for (let i = 1; i < 300; i++) await first.put(`/v1/kv/old/${i}`, `value ${i}`)
  const { ID: session } = JSON.parse(await first.put('/v1/session/create', { Name: 'mine', LockDelay: '0s' })) as {
    ID: string
  }
  t.equal(await first.put(`/v1/kv/lock?acquire=${session}`, 'held'), 'true')
  await first.put('/v1/catalog/register', { Node: 'far', Address: '192.0.2.1', Service: { Service: 'db', Port: 5432 } })
  await first.stop()

  first.expect = 2
  await first.start()
  const second = await (
    await cluster.add({
      name: 'second',
      role: 'server',
      expect: 2,
      flags: [`-retry-join=${first.address}`, '-retry-interval=1s'],
    })
  ).start()
  await cluster.leader()
  await cluster.membersAre({ first: 'alive', second: 'alive' })
  for (const agent of [first, second]) {
    t.equal((await agent.get<string[]>('/v1/kv/old/?keys&consistent')).length, 300, agent.name)
    t.equal(await rawValue(agent, 'old/299'), 'value 299')
    t.match(await agent.get('/v1/kv/lock'), [{ Session: session }])
    t.match(await agent.get('/v1/catalog/service/db'), [{ Node: 'far', ServicePort: 5432 }])
    t.equal((await agent.get<unknown[]>('/v1/catalog/service/web')).length, 1)
  }
  await first.put('/v1/kv/new', 'x')
  await Promise.all([first.crash(), second.crash()])
  await Promise.all([first.start(), second.start()])
  await cluster.leader()
  t.equal(await until('both are back', () => rawValue(second, 'new')), 'x')
  t.equal((await second.get<string[]>('/v1/kv/old/?keys')).length, 300, 'it was taken over once')
})
