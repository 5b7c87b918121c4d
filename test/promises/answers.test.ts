import t from 'tap'
import { startAgent } from '../support/agent-process.js'
import { dig } from '../support/dig.js'
import { muster } from '../support/muster.js'

// A full comparison puts foreign edits back within a minute.
t.setTimeout(120_000)

const put = (body: unknown): RequestInit => ({ method: 'PUT', body: JSON.stringify(body) })

t.test('a blocking query waits for what it asked for, and for nothing else', async t => {
  const agent = await startAgent(t)
  await agent.api('/v1/catalog/register', put({ Node: 'n2', Address: '192.0.2.2' }))
  for (const path of ['/v1/catalog/node/n2', '/v1/catalog/service/unborn', '/v1/health/service/unborn']) {
    const index = (await agent.api(path)).headers.get('x-consul-index') ?? ''
    t.match(index, /^[1-9]\d*$/)
    let answered = false
    const blocked = agent.api(`${path}?index=${index}&wait=10s`).then(response => {
      answered = true
      return response
    })
    for (let i = 0; i < 5; i++)
      await agent.api(
        '/v1/catalog/register',
        put({ Node: 'other', Address: '192.0.2.9', Service: { Service: 'unrelated', Port: i } }),
      )
    t.equal(answered, false, `${path} is not woken by an unrelated write`)
    await agent.api(
      '/v1/catalog/register',
      put({
        Node: 'n2',
        Address: '192.0.2.2',
        Service: { ID: path, Service: path.includes('unborn') ? 'unborn' : 'web' },
      }),
    )
    const response = await blocked
    t.ok(Number(response.headers.get('x-consul-index')) > Number(index), `${path} is woken by its own`)
    await agent.api('/v1/catalog/deregister', put({ Node: 'n2', ServiceID: path }))
  }
})

t.test('an answer that leaves anything out says so; over TCP it is whole', async t => {
  const agent = await startAgent(t)
  for (let i = 0; i < 60; i++) {
    await agent.api(
      '/v1/catalog/register',
      put({ Node: `node-${i}`, Address: `192.0.2.${i}`, Service: { Service: 'web', Port: 80 } }),
    )
  }
  const cut = await dig(agent, '+noedns', '+ignore', 'web.service.consul', 'SRV')
  t.ok(cut.flags.includes('tc'))
  t.ok(cut.answer.length > 0 && cut.answer.length < 60)
  t.equal((await dig(agent, '+tcp', 'web.service.consul', 'SRV')).answer.length, 60)
  t.equal((await dig(agent, '+bufsize=4096', 'web.service.consul', 'A')).answer.length, 60)
})

t.test('negative answers that resolvers can live with', async t => {
  const agent = await startAgent(t, { conf: { 'web.json': { service: { name: 'web', port: 80 } } } })
  const nodata = await dig(agent, 'web.service.consul', 'AAAA')
  t.equal(nodata.status, 'NOERROR')
  t.equal(nodata.answer.length, 0)
  t.match(nodata.authority[0], /^consul\. .* SOA /)
  const absent = await dig(agent, 'nope.service.consul')
  t.equal(absent.status, 'NXDOMAIN')
  t.ok(Number(absent.authority[0]?.split(' ').at(-1)) >= 1, 'a negative TTL above 0')
  t.equal((await dig(agent, 'consul', 'SOA')).answer.length, 1)
})

t.test('a deregistered service stays away', async t => {
  const agent = await startAgent(t)
  await agent.api('/v1/agent/service/register', put({ ID: 'web1', Name: 'web', Port: 80 }))
  t.equal((await dig(agent, 'web.service.consul')).answer.length, 1)
  t.equal((await muster(['services', 'deregister', '-id=web1'], { agent })).code, 0)
  t.same(await (await agent.api('/v1/catalog/service/web')).json(), [])
  t.equal((await muster(['reload'], { agent })).code, 0)
  t.same(await (await agent.api('/v1/catalog/service/web')).json(), [])
})
