import t from 'tap'
import { readSurvivors } from '../../../src/cluster/formation/recovery-file.js'
import { revision, type Snapshot } from '../../../src/store/index.js'
import type { MemoryCluster } from '../../support/memory-etcd.js'
import { MemoryServers, type MemoryServer } from './memory-servers.js'

/** The clusters that servers are voters of; one that nobody has data of any more is gone. */
const living = (world: MemoryServers): readonly MemoryCluster[] => [
  ...new Set(
    world.all.flatMap(({ id, disk: { data } }) =>
      data?.cluster.members.some(({ name, learner }) => name === id && !learner) === true ? [data.cluster] : [],
    ),
  ),
]
const clusters = (world: MemoryServers): number => living(world).length

/** Node ids in Raft's list, in order. */
const raftIds = (world: MemoryServers): readonly string[] =>
  (living(world)[0]?.members ?? []).map(({ name }) => name).sort()

const ids = (servers: readonly MemoryServer[]): readonly string[] => servers.map(({ id }) => id).sort()

/** Writes `raft/peers.json`, its parser loaded: loading takes time of the machine, which the clock outruns. */
async function writeSurvivors({ files }: MemoryServer, text: string): Promise<void> {
  await readSurvivors('', '["10.0.0.1:8300"]')
  files.texts.set('raft/peers.json', text)
}

const warned = ({ log }: MemoryServer, start: string): number =>
  log.messages('warn').filter(message => message.startsWith(start)).length

async function pair(world: MemoryServers): Promise<[MemoryServer, MemoryServer, readonly MemoryServer[]]> {
  const all = await world.cluster(3)
  const last = all.find(({ formation }) => !formation.leader.self)
  if (last === undefined) throw new Error('all lead')
  return [world.leader(all), last, all]
}

t.test('three servers that know each other become one cluster, and a fourth enters through any', async t => {
  const world = new MemoryServers()
  const all = await world.cluster(3)
  t.equal(clusters(world), 1)
  t.equal(world.leader(all).name, 's1', 'the lowest id has founded it')
  t.same(
    all.map(({ starts }) => starts),
    [['found'], ['enter'], ['enter']],
  )
  const fourth = world.make({ expect: 3, startJoin: ['10.0.0.3'] }).start()
  await world.settle(fourth.formation.started)
  await world.agree([...all, fourth])
  t.equal(new Set([...all, fourth].map(({ facts }) => facts.cluster)).size, 1)
  t.same(fourth.log.messages('info'), ['joined', 'entering the cluster', 'entered the cluster'])
})

t.test('servers that wait say so, and found nothing while they are too few', async t => {
  const world = new MemoryServers()
  const [one, two] = [world.make().start(), world.make().start()]
  await world.settle(one.formation.join([two.host]))
  await world.clock.advance(90_000)
  t.same([one.phase, two.phase, clusters(world)], ['waiting', 'waiting', 0])
  t.ok(one.log.messages('info').includes('waiting for other servers'))
})

t.test('two groups that were cut from each other do not become two clusters', async t => {
  const world = new MemoryServers()
  const all = Array.from({ length: 6 }, () => world.make().start())
  const [west, east] = [all.slice(0, 3), all.slice(3)]
  for (const one of west) for (const other of east) world.network.cut(one.host, other.host)
  // Each group has been told of the other, and has three servers, as many as are expected.
  for (const group of [west, east])
    for (const one of group) {
      const others = all.filter(other => other !== one).map(({ info }) => info)
      await world.settle(
        world.network
          .open(`10.0.1.${all.indexOf(one)}:1`)
          .client.call(`${one.host}:8301`, 'join/hello', { known: others, from: group[0]?.info }),
      )
    }
  await world.clock.advance(120_000)
  t.equal(clusters(world), 0, 'neither half is more than half of those that are known')
  world.network.heal()
  await world.agree(all)
  t.equal(clusters(world), 1)
})

t.test('two clusters stay two, and each is named', async t => {
  const world = new MemoryServers()
  const all = await world.cluster(3)
  const alone = world.make({ expect: 1 }).start()
  await world.agree([alone])
  await t.rejects(world.settle(alone.formation.join(['10.0.0.1'])), {
    code: 'CLUSTER_JOIN_FAILED',
    message: `Failed to join 10.0.0.1: Member 's4' is part of cluster ${String(alone.facts.cluster)}, 's1' of cluster ${String(all[0]?.facts.cluster)}: two clusters cannot become one`,
  })
  await world.clock.advance(30_000)
  await world.agree(all)
  await world.agree([alone])
})

t.test('a server leaves: its place is gone, and a later start begins afresh', async t => {
  const world = new MemoryServers()
  const [leader, , all] = await pair(world)
  const others = all.filter(one => one !== leader)
  await world.settle(leader.formation.leave())
  t.equal(leader.phase, 'left')
  t.same({ ...leader.facts, known: [] }, { version: 1, founding: {}, known: [], left: true })
  t.equal(leader.disk.data, undefined)
  t.same(raftIds(world), ids(others))
  t.same(leader.log.messages('info').slice(-1), ['left the servers'])
  await world.agree(others)
  await leader.stop()
  leader.start()
  await world.settle(leader.formation.started)
  await world.clock.advance(10_000)
  t.equal(leader.phase, 'waiting', 'it does not look for its former fellows by itself')
  await leader.stop()
  leader.start({ startJoin: others.map(({ host }) => host) })
  await world.agree(all)
})

t.test('a server that cannot leave for want of a quorum stays what it is', async t => {
  const world = new MemoryServers()
  const [leader, last, all] = await pair(world)
  for (const one of all.filter(one => one !== last)) await one.kill()
  await world.clock.advance(2000)
  await t.rejects(world.settle(last.formation.leave()), { code: 'STORE_NO_LEADER' })
  t.equal(last.phase, 'member')
  t.ok(last.etcd.hasData)
  leader.start()
  await world.until('there is a leader', () => last.formation.leader.address !== '')
  await world.settle(last.formation.leave())
  t.equal(last.phase, 'left')
})

t.test('all are killed and started again: each is what it was, without joining', async t => {
  const world = new MemoryServers()
  const all = await world.cluster(3)
  for (const one of all) await one.kill()
  for (const one of [...all].reverse()) one.start()
  await world.agree(all)
  t.same(
    all.map(({ starts }) => starts),
    [['again'], ['again'], ['again']],
  )
  t.same(
    all.flatMap(({ log }) => log.messages('warn')),
    [],
  )
})

t.test('a server that is taken out enters afresh, whether it runs or not', async t => {
  const world = new MemoryServers()
  const [leader, last, all] = await pair(world)
  t.equal(await world.settle(leader.formation.remove(last.id)), true)
  await world.until('it noticed', () => warned(last, 'this server cannot go on') === 1)
  await world.agree(all)
  await last.kill()
  t.equal(await world.settle(leader.formation.remove(last.id)), true)
  last.start()
  await world.agree(all)
  t.same(last.starts, ['again', 'enter'])
  t.equal(warned(last, 'this server cannot go on'), 2)
})

t.test('a server that lost its data, or whose data is damaged, takes its old place', async t => {
  const world = new MemoryServers()
  const [, last, all] = await pair(world)
  await last.kill()
  last.disk.data = undefined
  last.start()
  await world.agree(all)
  t.same(last.starts, ['enter'])
  await last.kill()
  last.disk.damaged = true
  last.start()
  await world.agree(all)
  t.same(last.starts, ['again', 'enter'])
  t.equal(clusters(world), 1)
})

t.test('damaged data that nobody else has ends the start', async t => {
  const world = new MemoryServers()
  const one = world.make({ expect: 1 }).start()
  await world.agree([one])
  await one.kill()
  one.disk.damaged = true
  one.start()
  await t.rejects(world.settle(one.formation.started), { code: 'ETCD_FAILED' })
  t.ok(one.etcd.hasData, 'what may be saved yet is not moved aside')
})

t.test('raft/peers.json: the last of three goes on alone, and one of the lost enters again', async t => {
  const world = new MemoryServers()
  const [one, , all] = await pair(world)
  for (const server of all) await server.kill()
  await writeSurvivors(one, JSON.stringify([`${one.host}:8300`]))
  one.start()
  await world.settle(one.formation.started)
  await world.agree([one])
  t.same(one.starts, ['alone'])
  t.equal(one.files.read('raft/peers.json'), undefined)
  t.same(one.log.messages('warn'), ['went on as the only server, as raft/peers.json says; others enter again'])
  const lost = all.find(server => server !== one)
  if (lost === undefined) return
  lost.start()
  await world.agree([one, lost])
})

t.test('raft/peers.json: of two that are left the one that is further goes on', async t => {
  const world = new MemoryServers()
  const all = await world.cluster(4)
  const [one, two] = all
  if (one === undefined || two === undefined) return
  for (const server of all) await server.kill()
  if (two.disk.data !== undefined) two.disk.data.index++
  const listed = JSON.stringify([one, two].map(({ id, host }) => ({ id, address: `${host}:8300` })))
  for (const server of [one, two]) await writeSurvivors(server, listed)
  one.start()
  await world.clock.advance(30_000)
  t.same([one.phase, warned(one, 'waiting for the other servers')], ['forming', 3], 'it waits for the other')
  two.start()
  await world.agree([one, two])
  t.same(
    [one.starts, two.starts],
    [
      ['again', 'enter'],
      ['again', 'alone'],
    ],
  )
  t.equal(warned(one, 'this server cannot go on'), 1)
  t.same(
    [one, two].map(({ files }) => files.read('raft/peers.json')),
    [undefined, undefined],
  )
})

t.test('raft/peers.json that cannot be followed ends the start; without data it is of no use', async t => {
  const world = new MemoryServers()
  const one = world.make({ expect: 1 })
  await writeSurvivors(one, '["10.0.9.9:8300"]')
  one.start()
  await t.rejects(world.settle(one.formation.started), {
    code: 'CLUSTER_RECOVERY_FILE',
    message: `/data/raft/peers.json does not list this server: 10.0.0.1:8300, id ${one.id}`,
  })
  await one.stop()
  await writeSurvivors(one, '["10.0.0.1:8300"]')
  one.start()
  await world.agree([one])
  t.same(one.log.messages('warn'), ['raft/peers.json is of no use without data and is deleted'])
  t.same(one.starts, ['found'])
})

t.test('a server that moves tells the others before its etcd starts; all may move at once', async t => {
  const world = new MemoryServers()
  const [, last, all] = await pair(world)
  await last.stop()
  last.host = '10.0.7.1'
  last.start()
  await world.agree(all)
  t.ok(last.log.messages('info').includes('the cluster knows the new address'))
  t.equal(last.facts.peerUrl, 'http://10.0.7.1:8300')
  for (const server of all) await server.kill()
  all.forEach((server, i) => {
    server.host = `10.0.8.${i}`
  })
  for (const server of all)
    server.start({ retryJoin: { addresses: all.map(({ host }) => host), interval: 100, maxAttempts: 0 } })
  await world.agree(all)
})

t.test('a catalog that was kept alone goes into the cluster that its server founds, once', async t => {
  const world = new MemoryServers()
  const entries = Array.from({ length: 250 }, (_, i) => ({
    key: `key${String(i).padStart(3, '0')}`,
    value: Buffer.from(`value ${i}`),
    created: revision(1),
    modified: revision(i + 1),
  }))
  const snapshot: Snapshot = { revision: revision(250), entries }
  let attempts = 0
  let done = 0
  const [one, two] = [world.make({ expect: 2 }).start(), world.make({ expect: 2 })]
  two.start({
    importFrom: () => (attempts++ === 0 ? Promise.reject(new Error('the disk is slow')) : Promise.resolve(snapshot)),
    importDone: () => {
      done++
      return Promise.resolve()
    },
  })
  await world.settle(two.formation.join([one.host]))
  await world.agree([one, two])
  t.same(
    [one.starts, two.starts],
    [['enter'], ['found', 'again', 'found']],
    'whatever its id, and anew after a failure',
  )
  const store = await one.formation.store
  t.equal((await store.load()).entries.length, 250)
  t.ok(done >= 1)
  t.equal(warned(two, 'becoming or staying'), 1)
})

t.test('a record that cannot be written is tried again, and nothing is promised meanwhile', async t => {
  const world = new MemoryServers()
  const all = [world.make().start(), world.make().start(), world.make().start()]
  await world.settle(all[0]?.formation.join(all.map(({ host }) => host)) ?? Promise.resolve(0))
  for (const { files } of all) files.fault = new Error('no space left on device')
  await world.agree(all)
  t.equal(clusters(world), 1)
})

for (const [what, end] of [
  ['leaves', (server: MemoryServer) => server.world.settle(server.formation.leave(), 120_000)],
  ['is stopped', (server: MemoryServer) => server.stop()],
] as const)
  for (const [name, interval] of [
    // Those who were entering what the founder takes with it wait for their vote first: minutes, which take longer.
    ['s1', what === 'leaves' ? 600 : 225],
    ['s2', 225],
    ['s3', 225],
  ] as const)
    t.test(`${name} ${what} at any moment of becoming a cluster`, async t => {
      for (let at = 0; at <= 4500; at += interval) {
        const world = new MemoryServers()
        const all = [world.make().start(), world.make().start(), world.make().start()]
        const joined = all[0]?.formation.join(all.map(({ host }) => host))
        await world.clock.advance(at)
        await world.settle(joined ?? Promise.resolve(0))
        const server = all.find(one => one.name === name)
        if (server === undefined) continue
        const others = all.filter(one => one !== server)
        await end(server)
        if (what === 'leaves') {
          t.equal(server.phase, 'left', `after ${at} ms`)
          t.equal(server.disk.data, undefined)
          t.equal(server.facts.left, true)
          await server.stop()
        }
        server.start({ startJoin: others.map(({ host }) => host) })
        await world.agree(all, 200_000).catch((error: unknown) => {
          t.fail(`after ${at} ms: ${String(error)}`)
        })
        t.same(raftIds(world), ids(all), `after ${at} ms`)
        t.equal(clusters(world), 1)
      }
    })
