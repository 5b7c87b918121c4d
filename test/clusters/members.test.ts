import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { newCluster, startCluster, type MemberLine } from '../support/cluster.js'
import { until } from '../support/until.js'

interface Check {
  readonly CheckID: string
  readonly Status: string
  readonly Output: string
}

t.test(
  'a client that dies fails within its lease, one that stands still comes back by itself, one that leaves is gone',
  async t => {
    const cluster = await startCluster(t, {
      servers: 3,
      clients: 2,
      conf: { 'web.json': { service: { name: 'web', port: 80 } } },
    })
    const [one, two] = cluster.clients
    const [server] = cluster.servers
    if (one === undefined || two === undefined || server === undefined) throw new Error('no agents')
    const serfHealth = async (node: string): Promise<Check | undefined> =>
      (await server.get<Check[]>(`/v1/health/node/${node}`)).find(check => check.CheckID === 'serfHealth')
    const passing = async (): Promise<number> => (await server.get<unknown[]>('/v1/health/service/web?passing')).length
    await until('all five are there', async () => (await passing()) === 5)

    await one.crash()
    await until('it has failed', async () => (await serfHealth('c1'))?.Status === 'critical', 20_000)
    t.equal((await serfHealth('c1'))?.Output, 'Agent not live or unreachable')
    t.equal(await passing(), 4)
    t.equal((await server.dig('web.service.consul')).answer.length, 4)
    t.match((await server.cli('members')).out, /^c1 .* failed /m)

    two.pause()
    await until('it has failed too', async () => (await serfHealth('c2'))?.Status === 'critical', 20_000)
    two.resume()
    await until('it is back by itself', async () => (await serfHealth('c2'))?.Status === 'passing', 20_000)
    t.equal((await serfHealth('c2'))?.Output, 'Agent alive and reachable')
    await until('with its service', async () => (await passing()) === 4)

    await one.start()
    await until('all are there again', async () => (await passing()) === 5, 20_000)
    t.equal(await one.stop('SIGINT'), 0, 'a client leaves when it is interrupted')
    await until(
      'it is out of the catalog at once',
      async () =>
        (await server.api('/v1/catalog/node/c1')).status === 200 && (await server.get('/v1/catalog/node/c1')) === null,
    )
    t.match((await server.cli('members')).out, /^c1 .* left /m)

    await two.crash()
    await until('it has failed', async () => (await serfHealth('c2'))?.Status === 'critical', 20_000)
    t.equal((await server.cli('force-leave', 'c2')).code, 0)
    await cluster.membersAre({ s1: 'alive', s2: 'alive', s3: 'alive', c1: 'left', c2: 'left' }, cluster.servers)
    t.equal((await server.cli('force-leave', '-prune', 'c2')).code, 0)
    await cluster.membersAre({ s1: 'alive', s2: 'alive', s3: 'alive', c1: 'left' }, cluster.servers)
    t.match((await server.cli('force-leave', 'nobody')).err, /No node found with name 'nobody'/)
  },
)

t.test(
  'a client away for long, while its service and all servers changed, is in order again when it is back',
  async t => {
    const cluster = await startCluster(t, {
      servers: 3,
      clients: 1,
      conf: { 'web.json': { service: { name: 'web', port: 80 } } },
    })
    const [client] = cluster.clients
    const [server] = cluster.servers
    if (client === undefined || server === undefined) throw new Error('no agents')
    const ports = async (): Promise<string> =>
      (await server.get<{ Node: string; ServicePort: number }[]>('/v1/catalog/service/web'))
        .map(item => `${item.Node}:${item.ServicePort}`)
        .sort()
        .join()
    await until('all four are there', async () => (await ports()) === 'c1:80,s1:80,s2:80,s3:80')
    client.pause()
    await cluster.membersAre({ s1: 'alive', s2: 'alive', s3: 'alive', c1: 'failed' }, [server], 40_000)
    client.write('web.json', { service: { name: 'web', port: 81 } })
    for (const one of cluster.servers) {
      await one.stop()
      one.write('web.json', { service: { name: 'web', port: 82 } })
      await one.start()
      await cluster.leader()
    }
    client.resume()
    await until('everybody is where the files say', async () => (await ports()) === 'c1:81,s1:82,s2:82,s3:82', 30_000)
    await cluster.membersAre({ s1: 'alive', s2: 'alive', s3: 'alive', c1: 'alive' })
    await until(
      'the client answers anew',
      async () =>
        (await client.dig('web.service.consul', 'SRV')).answer.filter(line => line.includes(' 82 ')).length === 3,
    )
  },
)

t.test(
  'the id in the data directory decides: renamed is the same node, a name in use is refused with the time left',
  async t => {
    const cluster = await startCluster(t, { servers: 1, clients: 1 })
    const [client] = cluster.clients
    const [server] = cluster.servers
    if (client === undefined || server === undefined) throw new Error('no agents')
    const id = fs.readFileSync(path.join(client.dataDir, 'node-id'), 'utf8').trim()
    await client.crash()
    client.flags = [...client.flags, '-node=renamed']
    await client.start()
    await until(
      'there is one row of it',
      async () => {
        const members = await server.get<MemberLine[]>('/v1/agent/members')
        return members.length === 2 && members.some(member => member.Name === 'renamed' && member.Tags.id === id)
      },
      20_000,
    )
    t.same(
      (await server.get<{ Node: string }[]>('/v1/catalog/nodes')).map(node => node.Node),
      ['renamed', 's1'],
    )

    const rival = await cluster.add({ name: 'rival', role: 'client', flags: [...client.flags] })
    await rival.start().catch(() => undefined)
    await until('it is told why, and for how long', () => /renamed[^\n]* \d+ ?s/.test(rival.output))
    await client.crash()
    await until(
      'it has the name once the lease is over',
      async () => {
        if (!rival.running) await rival.start().catch(() => undefined)
        const members = await server.get<MemberLine[]>('/v1/agent/members')
        return members.some(member => member.Name === 'renamed' && member.Tags.id !== id && member.Status === 1)
      },
      40_000,
    )
  },
)

t.test('two of three servers are lost for good: peers.json makes a cluster of the one that is left', async t => {
  const cluster = await startCluster(t, { servers: 3 })
  await (await cluster.leader()).put('/v1/kv/x', 'kept')
  const [last, ...lost] = cluster.servers
  if (last === undefined) throw new Error('no server')
  await until('it has it', async () => (await (await last.api('/v1/kv/x?raw&stale')).text()) === 'kept')
  await Promise.all(lost.map(server => server.crash()))
  await until('there is no leader any more', async () => (await last.get('/v1/status/leader')) === '', 30_000)
  await last.stop()
  last.flags = []
  const file = path.join(last.dataDir, 'raft', 'peers.json')
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, JSON.stringify([`${last.address}:8300`]))
  await last.start()
  t.equal(await cluster.leader(20_000, [last]), last)
  t.equal(await (await last.api('/v1/kv/x?raw&consistent')).text(), 'kept')
  t.notOk(fs.existsSync(file), 'it is used once')
  await last.put('/v1/kv/x', 'and changed')
  t.same(await last.get('/v1/status/peers'), [`${last.address}:8300`])
})

t.test("the tutorial's way: a server that forgot how to find the others is told by join", async t => {
  const cluster = newCluster(t)
  const one = await (await cluster.add({ name: 'one', role: 'server', expect: 1 })).start()
  const client = await (await cluster.add({ name: 'client', role: 'client' })).start()
  t.match(
    (await one.cli('join', client.address)).out,
    /Successfully joined cluster by contacting 1 nodes/,
    'a server may join a client as well',
  )
  await cluster.membersAre({ one: 'alive', client: 'alive' })
  t.match((await one.cli('join', '127.0.0.1:1')).err, /Error joining address '127\.0\.0\.1:1'/)
})
