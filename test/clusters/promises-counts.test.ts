import t from 'tap'
import { startCluster } from '../support/cluster.js'
import { until } from '../support/until.js'

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
