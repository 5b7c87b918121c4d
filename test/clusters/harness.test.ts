import t from 'tap'
import { newCluster } from '../support/cluster.js'
import { startNetwork } from '../support/net.js'
import { run } from '../support/run.js'
import { until } from '../support/until.js'

const reaches = async (
  from: { command(program: string, args: readonly string[]): [string, string[]] },
  url: string,
): Promise<boolean> =>
  (await run(...from.command('curl', ['-s', '-o', '/dev/null', '--max-time', '1', '--retry', '0', url]))).code === 0

t.test('hosts of a network can be parted, lose packets, move, and take agents', async t => {
  const network = await startNetwork(t, 2)
  const cluster = newCluster(t)
  const [one, two] = network.hosts
  if (one === undefined || two === undefined) throw new Error('no hosts')
  const first = await (await cluster.add({ name: 'n1', place: one, role: 'server', expect: 1 })).start()
  const second = await (await cluster.add({ name: 'n2', place: two, role: 'server', expect: 1 })).start()
  t.ok(await reaches(one, `${second.url}/v1/agent/self`))

  await network.partition(one)
  t.notOk(await reaches(one, `${second.url}/v1/agent/self`))
  t.notOk(await reaches(two, `${first.url}/v1/agent/self`))
  t.equal((await first.api('/v1/agent/self')).status, 200, 'the test still reaches it')
  await network.heal()
  t.ok(await reaches(one, `${second.url}/v1/agent/self`))

  await network.cut(one, two)
  t.notOk(await reaches(one, `${second.url}/v1/agent/self`), 'nothing comes back either')
  await network.heal()

  await network.loss(two, 100)
  t.notOk(await reaches(one, `${second.url}/v1/agent/self`))
  await network.loss(two, 0)
  await until('it is reached again', () => reaches(one, `${second.url}/v1/agent/self`))

  const before = second.address
  await second.stop()
  second.place = await network.readdress(two)
  await second.start()
  t.not(second.address, before)
  t.ok(await reaches(one, `${second.url}/v1/agent/self`))
})

t.test('agents on loopback addresses of their own are paused, killed, and asked by all ways', async t => {
  const cluster = newCluster(t)
  const agent = await (
    await cluster.add({
      name: 'alone',
      role: 'server',
      expect: 1,
      conf: { 'web.json': { service: { name: 'web', port: 80 } } },
    })
  ).start()
  t.equal(await cluster.leader(), agent)
  await cluster.membersAre({ alone: 'alive' })
  t.match((await agent.cli('members')).out, /^alone +/m)
  await until('web is answered', async () => (await agent.dig('web.service.consul')).answer.length === 1)
  await agent.put('/v1/kv/a', 'b')

  agent.pause()
  await t.rejects(agent.api('/v1/agent/self', { signal: AbortSignal.timeout(200) }))
  agent.resume()
  t.equal((await agent.api('/v1/kv/a?raw')).status, 200)

  await agent.crash()
  t.notOk(agent.running)
  await agent.start()
  t.equal(await (await agent.api('/v1/kv/a?raw')).text(), 'b')
  t.equal(await agent.stop('SIGINT'), 1)
})
