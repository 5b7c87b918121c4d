import net from 'node:net'
import t from 'tap'
import { until } from '../support/until.js'
import { lone } from './lone-server.js'

// Agents are started and stopped many times, on a machine that may be busy.
t.setTimeout(180_000)

t.test('a host of several addresses is joined at the one that answers', async t => {
  const { cluster, server } = await lone(t)
  // `localhost` is ::1 as well, where nobody listens; the server is not on 127.0.0.1 either, but what listens there
  // leads to it.
  const port = 8301
  const bridge = net.createServer(socket => {
    socket
      .pipe(net.connect(port, server.address))
      .on('error', () => {
        socket.destroy()
      })
      .pipe(socket)
      .on('error', () => {
        socket.destroy()
      })
  })
  await new Promise<void>(resolve => {
    bridge.listen(0, '127.0.0.1', resolve)
  })
  t.teardown(() => {
    bridge.close()
  })
  const { port: bridged } = bridge.address() as net.AddressInfo
  const client = await cluster.add({
    name: 'c1',
    role: 'client',
    flags: [`-retry-join=localhost:${bridged}`, '-retry-interval=1s'],
  })
  await client.start()
  await cluster.membersAre({ s1: 'alive', c1: 'alive' })
  await client.stop()
})

t.test(
  'an agent that is told to join is a member when that is answered, and one that lives is seen leaving when it is told to by force',
  async t => {
    const { cluster, server } = await lone(t)
    for (const role of ['lone', 'client'] as const) {
      const agent = await (await cluster.add({ name: role, role })).start()
      await agent.put(`/v1/agent/join/${server.address}`)
      const status = async (): Promise<number | undefined> =>
        (await server.get<{ Name: string; Status: number }[]>('/v1/agent/members')).find(member => member.Name === role)
          ?.Status
      t.equal(await status(), 1)
      await server.put(`/v1/agent/force-leave/${role}`)
      t.equal(await status(), 2)
      await until('it has refuted it', async () => (await status()) === 1)
    }
    const taken = await (await cluster.add({ name: 'lone', role: 'lone' })).start()
    await t.rejects(
      taken.put(`/v1/agent/join/${server.address}`),
      /lone/,
      'a name in use is refused before anything is changed',
    )
    t.match(await taken.get('/v1/agent/self'), { Config: { Server: true } })
  },
)
