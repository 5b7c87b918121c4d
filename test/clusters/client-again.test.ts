import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { until } from '../support/until.js'
import { lone } from './lone-server.js'

// Agents are started and stopped many times, on a machine that may be busy.
t.setTimeout(180_000)

t.test(
  'an agent that was a client agent is one again, whoever joins whom, and whatever is said at its next start',
  async t => {
    const { cluster, server } = await lone(t)
    const statusOf = async (name: string): Promise<number | undefined> =>
      (await server.get<{ Name: string; Status: number }[]>('/v1/agent/members')).find(member => member.Name === name)
        ?.Status
    const quick = { 'a.json': { performance: { leave_drain_time: '0s' } } }
    const told = await (await cluster.add({ name: 'told', role: 'lone', conf: quick })).start()
    await told.put(`/v1/agent/join/${server.address}`)
    const configured = await (
      await cluster.add({ name: 'configured', role: 'lone', conf: quick, flags: [`-join=${server.address}`] })
    ).start()
    for (const agent of [told, configured]) {
      await until('it is there', async () => (await statusOf(agent.name)) === 1)
      await until('as a client agent', async () => (await agent.cli('info')).out.includes('server = false\n'))
      t.equal(await agent.stop('SIGTERM'), 0, 'it leaves')
      await until('it has left', async () => (await statusOf(agent.name)) === 3)
      agent.flags = ['-rejoin']
      await agent.start()
      await until('it has come back by itself', async () => (await statusOf(agent.name)) === 1)
      t.match(await agent.get('/v1/agent/self'), { Config: { Server: false } })
      await agent.stop('SIGINT')
      agent.flags = []
      await agent.start()
      t.match(await agent.get('/v1/agent/self'), { Config: { Server: false } }, 'without a word it stays what it is')
      t.equal((await server.cli('join', agent.address)).code, 0, 'joined from the other side')
      await until('it is there again', async () => (await statusOf(agent.name)) === 1)
    }
    // It knows nobody: only who joins it can tell it of a server.
    await told.stop('SIGTERM')
    await until('it has left', async () => (await statusOf(told.name)) === 3)
    fs.rmSync(path.join(told.dataDir, 'known-servers.json'))
    fs.writeFileSync(path.join(told.dataDir, 'role.json'), '{"role":"client","joined":[]}')
    await told.start()
    t.equal((await server.cli('join', told.address)).code, 0)
    await until('it has been fetched', async () => (await statusOf(told.name)) === 1)
  },
)
