import t from 'tap'
import { newCluster, populate, type Cluster } from '../support/cluster.js'
import { until } from '../support/until.js'

/** Two datacenters, joined over the WAN. */
async function two(t: Parameters<typeof newCluster>[0]): Promise<{ readonly near: Cluster; readonly far: Cluster }> {
  const near = newCluster(t)
  const far = newCluster(t)
  await populate(near, { servers: 2, clients: 1, flags: ['-datacenter=dc1'], prefix: 'near-' })
  await populate(far, {
    servers: 2,
    flags: ['-datacenter=dc2'],
    prefix: 'far-',
    conf: { 'web.json': { service: { name: 'web', port: 80 } }, 'exec.json': { disable_remote_exec: false } },
  })
  return { near, far }
}

// Two clusters are formed, stopped and started again.
t.setTimeout(180_000)

t.test('another datacenter is joined, asked, failed over to, and missed', async t => {
  const { near, far } = await two(t)
  const [server] = near.servers
  const [client] = near.clients
  const [remote] = far.servers
  if (server === undefined || client === undefined || remote === undefined) throw new Error('no agents')
  t.match((await server.cli('join', remote.address)).err, /wrong datacenter 'dc\d'/, 'not over the LAN')
  const joined = await server.cli('join', '-wan', remote.address)
  t.equal(joined.out, 'Successfully joined cluster by contacting 1 nodes.\n', joined.err)
  await until(
    'all servers of both know all four',
    async () => {
      const lists = await Promise.all(
        [...near.servers, ...far.servers].map(agent => agent.get<{ Name: string }[]>('/v1/agent/members?wan=1')),
      )
      return lists.every(
        list =>
          list
            .map(member => member.Name)
            .sort()
            .join() === 'far-s1.dc2,far-s2.dc2,near-s1.dc1,near-s2.dc1',
      )
    },
    30_000,
  )
  t.match((await server.cli('members', '-wan')).out, /^far-s1\.dc2 .* alive +server .* dc2 /m)

  await until('web is there', async () => (await remote.get<unknown[]>('/v1/catalog/service/web')).length === 2)
  for (const agent of [server, client]) {
    t.same(await agent.get('/v1/catalog/datacenters'), ['dc1', 'dc2'], agent.name)
    t.equal((await agent.get<unknown[]>('/v1/health/service/web?dc=dc2')).length, 2)
    t.same(await agent.get('/v1/health/service/web'), [])
    const dug = await until('it answers for the other datacenter', async () => {
      const found = await agent.dig('web.service.dc2.consul', 'SRV')
      return found.answer.length === 2 && found
    })
    t.same([...dug.answer].sort(), [
      'web.service.dc2.consul. 0 IN SRV 1 1 80 far-s1.node.dc2.consul.',
      'web.service.dc2.consul. 0 IN SRV 1 1 80 far-s2.node.dc2.consul.',
    ])
    t.equal(
      (await agent.dig('far-s1.node.dc2.consul', 'A')).answer.join(),
      `far-s1.node.dc2.consul. 0 IN A ${remote.address}`,
    )
    t.match(await agent.dig('web.service.nowhere.consul', 'SRV'), { status: 'NXDOMAIN', answer: [] })
  }
  t.match((await server.cli('info')).out, /^\tknown_datacenters = 2$/m)
  await client.put('/v1/kv/there?dc=dc2', 'x')
  t.equal(await (await remote.api('/v1/kv/there?raw')).text(), 'x')
  t.equal((await client.api('/v1/kv/there')).status, 404)

  const { ID } = (await server
    .api('/v1/query', {
      method: 'POST',
      body: JSON.stringify({ Name: 'web', Service: { Service: 'web', Failover: { Datacenters: ['dc2'] } } }),
    })
    .then(response => response.json())) as { ID: string }
  t.match(await client.get(`/v1/query/${ID}/execute`), { Datacenter: 'dc2', Failovers: 1 })
  await until('DNS fails over too', async () => (await client.dig('web.query.consul', 'SRV')).answer.length === 2)

  const ran = await client.cli('exec', '-datacenter=dc2', '-wait=4s', '-verbose', 'echo here')
  t.equal(ran.code, 0, ran.out + ran.err)
  for (const node of ['far-s1', 'far-s2'])
    for (const line of [`    ${node}: here\n`, `==> ${node}: finished with exit code 0\n`]) t.match(ran.out, line)
  t.match(ran.out, '2 / 2 node(s) completed / acknowledged\n')
  t.match(await server.cli('exec', '-datacenter=dc2', '-node=s2$', 'exit 3'), {
    code: 2,
    out: '1 / 1 node(s) completed / acknowledged\n',
  })
  t.equal((await remote.api('/v1/kv/_rexec/?recurse')).status, 404, 'nothing is left behind')
  t.match(await client.cli('exec', '-datacenter=nowhere', 'true'), { code: 1, err: /No path to datacenter/ })
  t.match(await client.cli('lock', '-datacenter=dc2', 'held', 'echo mine'), { code: 0, out: 'mine\n' })
  t.same(await remote.get('/v1/session/list'), [])

  // One of its two servers is gone in the midst of requests: any living one will do.
  const statuses = new Set<number>()
  for (let number = 0; number < 60; number++) {
    if (number === 20) await remote.crash()
    for (const agent of [server, client]) statuses.add((await agent.api('/v1/catalog/service/web?dc=dc2&stale')).status)
  }
  t.same([...statuses], [200])
  t.equal((await client.dig('web.service.dc2.consul', 'SRV')).answer.length, 2, 'views live on')
  await Promise.all(far.servers.map(agent => agent.crash()))
  t.equal((await server.api('/v1/catalog/service/web?dc=dc2')).status, 500)
  t.match(await server.api('/v1/catalog/nodes?dc=nowhere').then(response => response.text()), /No path to datacenter/)
  t.equal((await server.api('/v1/catalog/nodes')).status, 200, 'at home all is well')
  await Promise.all(far.servers.map(agent => agent.start()))
  await until(
    'it is found again',
    async () => (await client.get<unknown[]>('/v1/catalog/service/web?dc=dc2')).length === 2,
    40_000,
  )
})
