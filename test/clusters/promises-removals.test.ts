import t from 'tap'
import { startCluster } from '../support/cluster.js'
import { until } from '../support/until.js'

// What muster promises of a cluster beyond what Consul does.

t.test('a removal is sent to the owner of the entry, and it stays removed', async t => {
  const cluster = await startCluster(t, { servers: 1, clients: 2 })
  const [owner, other] = cluster.clients
  const [server] = cluster.servers
  if (owner === undefined || other === undefined || server === undefined) throw new Error('no agents')
  await owner.put('/v1/agent/service/register', { ID: 'web1', Name: 'web', Port: 80 })
  await until('it is there', async () => (await other.get<unknown[]>('/v1/catalog/service/web')).length === 1)
  const removed = await other.cli('services', 'deregister', '-id=web1')
  t.equal(removed.code, 0, removed.err)
  t.same(await server.get('/v1/catalog/service/web'), [], 'at once')
  t.notOk('web1' in (await owner.get<object>('/v1/agent/services')))
  // A full comparison with the catalog comes with the start.
  await owner.crash()
  await owner.start()
  await cluster.membersAre({ s1: 'alive', c1: 'alive', c2: 'alive' })
  t.same(await server.get('/v1/catalog/service/web'), [], 'its owner does not bring it back')
})

t.test(
  'what is written to the catalog for a living agent is answered with a warning, and put right with a line in the log',
  async t => {
    const cluster = await startCluster(t, { servers: 1, clients: 1 })
    const [client] = cluster.clients
    const [server] = cluster.servers
    if (client === undefined || server === undefined) throw new Error('no agents')
    const {
      Member: { Addr },
    } = await client.get<{ Member: { Addr: string } }>('/v1/agent/self')
    const response = await server.api('/v1/catalog/register', {
      method: 'PUT',
      body: JSON.stringify({ Node: 'c1', Address: Addr, Service: { ID: 'foreign', Service: 'foreign', Port: 1 } }),
    })
    t.equal(response.status, 200)
    t.match(response.headers.get('x-muster-warning'), /c1/)
    await client.put('/v1/agent/service/register', { Name: 'own' })
    await client.crash()
    await client.start()
    await until(
      'it is gone again',
      async () => (await server.get<unknown[]>('/v1/catalog/service/foreign')).length === 0,
      30_000,
    )
    await until('the owner says so', () => client.output.includes('foreign'))
  },
)
