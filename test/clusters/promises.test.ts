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

t.test('no start, stop or election ever shows a service fewer than there are', async t => {
  const cluster = await startCluster(t, { servers: 3, clients: 1 })
  const [client] = cluster.clients
  if (client === undefined) throw new Error('no client')
  await client.put('/v1/agent/service/register', { Name: 'web', Port: 80 })
  await until('all know it', async () =>
    (await Promise.all(cluster.agents.map(agent => agent.get<unknown[]>('/v1/health/service/web?passing')))).every(
      list => list.length === 1,
    ),
  )
  const wrong: string[] = []
  let answers = 0
  let polling = true
  const pollers = cluster.agents.flatMap(agent =>
    ['', '&stale'].map(async mode => {
      while (polling) {
        const body = await agent
          .api(`/v1/health/service/web?passing${mode}`, { signal: AbortSignal.timeout(5000) })
          .then(
            response => (response.status === 200 ? response.text() : undefined),
            () => undefined,
          )
        if (body !== undefined) answers++
        if (body !== undefined && (JSON.parse(body) as unknown[]).length !== 1)
          wrong.push(`${agent.name}${mode}: ${body}`)
        await new Promise(resolve => setTimeout(resolve, 20))
      }
    }),
  )
  for (const server of [await cluster.leader(), ...cluster.servers]) {
    await server.crash()
    await server.start()
    await cluster.leader()
    await cluster.membersAre({ s1: 'alive', s2: 'alive', s3: 'alive', c1: 'alive' })
  }
  polling = false
  await Promise.all(pollers)
  t.same(wrong, [], `${answers} answers`)
  t.ok(answers > 200)
})

t.test('who stops is out of DNS and HTTP first, then waits, then ends', async t => {
  const cluster = await startCluster(t, {
    servers: 1,
    clients: 1,
    conf: { 'drain.json': { performance: { leave_drain_time: '2s' } } },
  })
  const [client] = cluster.clients
  const [server] = cluster.servers
  if (client === undefined || server === undefined) throw new Error('no agents')
  client.write('web.json', { service: { name: 'web', port: 80 } })
  await until('web is answered', async () => (await server.dig('web.service.consul')).answer.length === 1)
  let last = 0
  let polling = true
  const poller = (async () => {
    while (polling) if ((await server.get<unknown[]>('/v1/health/service/web')).length === 1) last = performance.now()
  })()
  t.equal(await client.stop('SIGTERM'), 0)
  const ended = performance.now()
  polling = false
  await poller
  t.ok(ended - last >= 1900, `the last answer with it was ${Math.round(ended - last)} ms before its end`)
})

t.test('many watchers through all servers: one change reaches every one of them', async t => {
  const cluster = await startCluster(t, {
    servers: 3,
    conf: { 'limits.json': { limits: { http_max_conns_per_client: 1000 } } },
  })
  await cluster.servers[0]?.put('/v1/agent/service/register', { Name: 'web', Port: 1 })
  const index = await until('all know it', async () => {
    const answers = await Promise.all(cluster.servers.map(server => server.api('/v1/health/service/web')))
    const counts = await Promise.all(answers.map(async answer => ((await answer.json()) as unknown[]).length))
    return counts.every(count => count === 1) && answers[0]?.headers.get('x-consul-index')
  })
  const count = 600
  const watchers = Array.from({ length: count }, async (_, number) => {
    const server = cluster.servers[number % 3]
    const response = await server?.api(
      `/v1/health/service/web?index=${index}&wait=60s${number % 2 === 0 ? '&stale' : ''}`,
      { signal: AbortSignal.timeout(90_000) },
    )
    const body = (await response?.json()) as { Service: { Port: number } }[]
    return body[0]?.Service.Port
  })
  await new Promise(resolve => setTimeout(resolve, 1000))
  await cluster.servers[0]?.put('/v1/agent/service/register', { Name: 'web', Port: 2 })
  const seen = await Promise.all(watchers)
  t.equal(seen.filter(port => port === 2).length, count)
})
