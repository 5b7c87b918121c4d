import t from 'tap'
import { startCluster } from '../support/cluster.js'
import { until } from '../support/until.js'

t.test('a stopping agent leaves DNS and HTTP first, then drains, then ends', async t => {
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
