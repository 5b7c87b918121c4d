import t from 'tap'
import { loopbackAddress } from '../../support/loopback-address.js'
import { until } from '../../support/until.js'
import { TestServers } from './test-servers.js'

t.setTimeout(120_000)

t.test('the leader leaves a cluster of two: the other goes on alone, and it comes back as a new one', async t => {
  const servers = new TestServers(t)
  const [one, two] = await servers.cluster(2)
  if (one === undefined || two === undefined) return
  await one.put('k', 'v')
  const leader = servers.leader([one, two])
  const other = leader === one ? two : one
  await leader.formation.leave()
  t.equal(leader.formation.state.phase, 'left')
  await servers.agree([other])
  await other.put('k', 'w')
  t.same(
    other.formation.servers().map(({ name }) => name),
    [other.name],
    'it is forgotten at once',
  )
  await leader.stop()
  await leader.start()
  await leader.formation.started
  t.equal(leader.formation.state.phase, 'waiting', 'it does not look for its former fellows by itself')
  t.equal(await leader.formation.join([other.address]), 1)
  await servers.agree([one, two])
  t.equal(await leader.get('k'), 'w')
})

t.test('a server that left looks for its fellows when it is told to', async t => {
  const servers = new TestServers(t)
  const [one, two, three] = await servers.cluster(3)
  if (one === undefined || two === undefined || three === undefined) return
  await three.formation.leave()
  await servers.agree([one, two])
  await three.stop()
  await three.start({ rejoinAfterLeave: true })
  await servers.agree([one, two, three])
})

t.test('leadership is handed over, a peer is removed and enters again by itself', async t => {
  const servers = new TestServers(t)
  const all = await servers.cluster(3)
  const leader = servers.leader(all)
  const [next, last] = all.filter(one => one !== leader)
  if (next === undefined || last === undefined) return
  await last.put('k', 'v')
  await last.formation.operator.transferLeader(next.id)
  await until('the other leads', () => next.formation.leader.self)
  await last.formation.operator.transferLeader(undefined)
  await until('another leads', () => !next.formation.leader.self && next.formation.leader.address !== '')
  await t.rejects(leader.formation.operator.transferLeader('nobody'), {
    code: 'CLUSTER_UNKNOWN_PEER',
    message: 'id "nobody" was not found in the Raft configuration',
  })
  await t.rejects(leader.formation.operator.removePeer({ address: '127.0.0.1:1' }), {
    code: 'CLUSTER_UNKNOWN_PEER',
    message: 'address "127.0.0.1:1" was not found in the Raft configuration',
  })
  t.equal(await leader.formation.remove('nobody'), false)

  const victim = all.find(one => !one.formation.leader.self)
  const remover = all.find(one => one !== victim)
  if (victim === undefined || remover === undefined) return
  await remover.formation.operator.removePeer({ address: `${victim.address}:8300` })
  await until('it noticed', () => victim.log.messages('warn').some(message => message.includes('enters afresh')))
  await servers.agree(all)
  t.equal(await victim.get('k'), 'v')

  const health = await until('health is known', async () => {
    const found = await victim.formation.operator.health()
    // What is told may be two seconds old: from before the one that entered again was a voter.
    const voters = found.servers.filter(({ voter }) => voter)
    return voters.length === 3 && found.healthy ? found : undefined
  })
  t.equal(health.failureTolerance, 1)
  t.same(
    health.servers.map(({ name, voter, status, version }) => ({ name, voter, status, version })),
    ['s1', 's2', 's3'].map(name => ({ name, voter: true, status: 'alive', version: '1.0.0' })),
  )
  t.equal(health.servers.filter(({ leader }) => leader).length, 1)
})

t.test('a server removed while it was down enters afresh when it comes back', async t => {
  const servers = new TestServers(t)
  const [one, two, three] = await servers.cluster(3)
  if (one === undefined || two === undefined || three === undefined) return
  await three.kill()
  t.equal(await one.formation.remove(three.id), true)
  await servers.agree([one, two])
  await two.put('k', 'v')
  await three.start()
  await servers.agree([one, two, three])
  t.equal(await three.get('k'), 'v')
})

t.test('a server that lost its data takes its old place', async t => {
  const servers = new TestServers(t)
  const [one, two, three] = await servers.cluster(3)
  if (one === undefined || two === undefined || three === undefined) return
  await three.kill()
  three.process.discard()
  await three.start()
  await servers.agree([one, two, three])
})

t.test('all servers are killed and started again: nothing is lost', async t => {
  const servers = new TestServers(t)
  const all = await servers.cluster(3)
  await all[1]?.put('k', 'v')
  await Promise.all(all.map(one => one.kill()))
  await Promise.all(all.map(one => one.start()))
  t.ok(all.every(one => one.formation.state.phase !== 'left'))
  await servers.agree(all)
  t.equal(await all[2]?.get('k'), 'v')
})

t.test('joining: what fails is named, names stand for several addresses, and attempts come to an end', async t => {
  const servers = new TestServers(t)
  const one = await (await servers.make({ expect: 0 })).start()
  const nobody = await loopbackAddress()
  const two = await servers.make({
    expect: 0,
    resolve: host =>
      host === 'servers.test'
        ? Promise.resolve([one.address, nobody])
        : Promise.reject(new Error(`no such host ${host}`)),
  })
  await two.start()
  t.equal(await two.formation.join(['servers.test']), 1, 'one of two addresses answers')
  await t.rejects(two.formation.join(['nobody.test', '127.0.0.1:1']), {
    code: 'CLUSTER_JOIN_FAILED',
    message: /^Failed to join nobody\.test: no such host nobody\.test; Failed to join 127\.0\.0\.1:1: /,
  })
  await t.rejects(two.formation.join(['a b']), { message: 'Failed to join a b: is no host[:port]' })
  const three = await (
    await servers.make({
      startJoin: ['127.0.0.1:1'],
      retryJoin: { addresses: ['127.0.0.1:1'], interval: 10, maxAttempts: 3 },
    })
  ).start()
  await t.rejects(three.formation.started, { code: 'CLUSTER_JOIN_FAILED' })
  await until('attempts are used up', () => three.exhausted === 'agent: max join LAN retry exhausted, exiting')
  t.equal(
    three.log.messages('warn').filter(message => message.includes('join failed')).length,
    1,
    'the same reason is said once',
  )
  t.equal(one.formation.state.phase, 'waiting', 'servers that expect nothing found nothing')
})
