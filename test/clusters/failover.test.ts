import path from 'node:path'
import t from 'tap'
import { startCluster } from '../support/cluster.js'
import { startNetwork } from '../support/net.js'
import { until } from '../support/until.js'
import { Ledger, allAlive, followers } from './ledger.js'

t.test('the leader is killed, paused, cut off: the others go on, and it comes back', async t => {
  const network = await startNetwork(t, 4)
  const cluster = await startCluster(t, { servers: 3, clients: 1, places: network.hosts })
  const client = cluster.clients[0]
  if (client === undefined) throw new Error('no client')
  const ledger = new Ledger()
  for (const agent of cluster.agents) await ledger.write(agent)
  await ledger.verify(t, cluster.agents)

  let leader = await cluster.leader()
  await leader.crash()
  for (const agent of [...followers(cluster, leader), client]) await ledger.write(agent)
  t.not(await cluster.leader(20_000, followers(cluster, leader)), leader)
  await cluster.membersAre(
    { ...Object.fromEntries(cluster.agents.map(agent => [agent.name, 'alive' as const])), [leader.name]: 'failed' },
    [client],
  )
  await leader.start()
  await allAlive(cluster)
  await ledger.verify(t, cluster.agents)

  leader = await cluster.leader()
  leader.pause()
  for (const agent of [...followers(cluster, leader), client]) await ledger.write(agent)
  leader.resume()
  await allAlive(cluster)
  await ledger.verify(t, cluster.agents)

  leader = await cluster.leader()
  const host = network.hosts.find(one => one.address === leader.address)
  if (host === undefined) throw new Error('no host')
  await network.partition(host)
  const rest = followers(cluster, leader)
  await until('who is cut off says so', async () => (await leader.api('/v1/agent/ready')).status === 503)
  t.equal((await leader.api('/v1/agent/ready?level=serving')).status, 200)
  for (const agent of [...rest, client]) await ledger.write(agent)
  for (const agent of [...rest, client])
    await until(`${agent.name} is ready without it`, async () => (await agent.api('/v1/agent/ready')).status === 200)
  t.not(
    (await leader.api('/v1/kv/ledger/0?consistent', { signal: AbortSignal.timeout(15_000) }).catch(() => undefined))
      ?.status,
    200,
    'who is cut off cannot know what is so',
  )
  t.equal((await leader.api('/v1/kv/ledger/0?stale')).status, 200, 'it tells what it knew to who asks for that')
  t.match(await leader.cli('operator', 'raft', 'list-peers'), { code: 1, err: /No cluster leader/ })
  t.match((await leader.cli('operator', 'raft', 'list-peers', '-stale')).out, /^s1 [^]*^s2 [^]*^s3 .* follower /m)
  const file = path.join(t.testdir(), 'stale.snap')
  t.match(await leader.cli('snapshot', 'save', file), { code: 1, err: /No cluster leader/ })
  t.match(await leader.cli('snapshot', 'save', '-stale', file), { code: 0, out: /^Saved and verified snapshot/ })
  t.match(await leader.cli('snapshot', 'inspect', '-kvdetails', '-kvdepth=1', file), { code: 0, out: /^ ledger +\d/m })
  await network.heal()
  await allAlive(cluster)
  await ledger.verify(t, cluster.agents)
})
