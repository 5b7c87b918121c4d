import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { newCluster, startCluster, type MemberLine } from '../support/cluster.js'
import { until } from '../support/until.js'

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
