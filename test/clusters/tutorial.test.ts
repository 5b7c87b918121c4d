import t from 'tap'
import { newCluster } from '../support/cluster.js'
import { until } from '../support/until.js'

const web3 = (port: number) => ({ service: { name: 'web3', port, tags: ['rails'] } })

t.test(
  'two servers that know nothing of each other become a cluster, a client joins, and each answers for all',
  async t => {
    const cluster = newCluster(t)
    const one = await (
      await cluster.add({ name: 'agent-one', role: 'server', expect: 2, conf: { 'web3.json': web3(8001) } })
    ).start()
    const two = await (await cluster.add({ name: 'agent-two', role: 'server', expect: 2 })).start()
    await cluster.membersAre({ 'agent-one': 'alive' }, [one])
    await cluster.membersAre({ 'agent-two': 'alive' }, [two])
    t.equal(await one.get('/v1/status/leader'), '', 'one of two leads nobody')

    const joined = await two.cli('join', one.address)
    t.equal(joined.out, 'Successfully joined cluster by contacting 1 nodes.\n', joined.err)
    const leader = await cluster.leader()
    await cluster.membersAre({ 'agent-one': 'alive', 'agent-two': 'alive' })
    t.match((await one.cli('members')).out, new RegExp(`^agent-one +${one.address}:8301 +alive +server `, 'm'))
    await until('both vote', async () => (await two.cli('info')).out.includes('num_peers = 1\n'))
    t.match((await leader.cli('info')).out, /leader = true\n/)
    t.same(
      new Set(await two.get<string[]>('/v1/status/peers')),
      new Set([`${one.address}:8300`, `${two.address}:8300`]),
    )

    const three = await (
      await cluster.add({ name: 'agent-three', role: 'lone', conf: { 'web3.json': web3(8003) } })
    ).start()
    t.equal((await three.cli('join', two.address)).code, 0, 'through any member')
    await cluster.membersAre({ 'agent-one': 'alive', 'agent-two': 'alive', 'agent-three': 'alive' })
    t.match((await three.cli('info')).out, /server = false\n/)

    for (const agent of cluster.agents) {
      const answer = await until(`${agent.name} answers for both`, async () => {
        const dug = await agent.dig('web3.service.consul', 'SRV')
        return dug.answer.length === 2 && dug
      })
      t.same(
        [...answer.answer].sort(),
        [
          'web3.service.consul. 0 IN SRV 1 1 8001 agent-one.node.dc1.consul.',
          'web3.service.consul. 0 IN SRV 1 1 8003 agent-three.node.dc1.consul.',
        ],
        agent.name,
      )
      t.equal((await agent.dig('rails.web3.service.consul')).answer.length, 2)
      t.same((await agent.dig('agent-two.node.consul')).answer, [`agent-two.node.consul. 0 IN A ${two.address}`])
    }

    three.write('web3.json', web3(8333))
    await until('the edit on the client is seen on a server', async () =>
      (await one.dig('web3.service.consul', 'SRV')).answer.some(line => line.includes(' 8333 ')),
    )
  },
)

t.test('the leader leaves, the other keeps quorum; started again, the one that left joins as before', async t => {
  const cluster = newCluster(t)
  const one = await (
    await cluster.add({ name: 'agent-one', role: 'server', expect: 2, conf: { 'web3.json': web3(8001) } })
  ).start()
  const two = await (
    await cluster.add({ name: 'agent-two', role: 'server', expect: 2, conf: { 'web3.json': web3(8002) } })
  ).start()
  await one.cli('join', two.address)
  const leader = await cluster.leader()
  const other = leader === one ? two : one
  await cluster.membersAre({ 'agent-one': 'alive', 'agent-two': 'alive' })
  await leader.put('/v1/kv/before', '1')
  await until('both are answered', async () => (await other.dig('web3.service.consul')).answer.length === 2)

  const left = await leader.cli('leave')
  t.match(left.out, /Graceful leave complete/, left.err)
  await until('it is gone', () => !leader.running)
  t.equal(await leader.stop(), 0)
  t.equal(leader.etcd.length, 0, 'its etcd too')
  t.equal(await cluster.leader(20_000, [other]), other)
  await cluster.membersAre({ [other.name]: 'alive', [leader.name]: 'left' }, [other])
  t.equal((await other.dig('web3.service.consul')).answer.length, 1)
  t.equal(await other.put('/v1/kv/between', '2'), 'true')
  t.same(await other.get('/v1/status/peers'), [`${other.address}:8300`])

  await leader.start()
  t.equal((await leader.cli('join', other.address)).code, 0)
  await cluster.membersAre({ 'agent-one': 'alive', 'agent-two': 'alive' })
  await until(
    'it has all',
    async () =>
      (await (await leader.api('/v1/kv/before?raw&consistent')).text()) === '1'
      && (await (await leader.api('/v1/kv/between?raw')).text()) === '2',
  )
  await until('both are answered again', async () => (await leader.dig('web3.service.consul')).answer.length === 2)
  await until('both vote', async () => (await leader.get<string[]>('/v1/status/peers')).length === 2)
})
