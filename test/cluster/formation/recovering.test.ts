import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { revision, type Snapshot } from '../../../src/store/index.js'
import { loopbackAddress } from '../../support/loopback-address.js'
import { until } from '../../support/until.js'
import { TestServers, type TestServer } from './test-servers.js'

t.setTimeout(120_000)

function writeSurvivors(server: TestServer, text: string): string {
  fs.mkdirSync(path.join(server.directory, 'raft'), { recursive: true })
  const file = path.join(server.directory, 'raft', 'peers.json')
  fs.writeFileSync(file, text)
  return file
}

t.test('two of three servers are lost: the last one goes on alone', async t => {
  const servers = new TestServers(t)
  const [one, two, three] = await servers.cluster(3)
  if (one === undefined || two === undefined || three === undefined) return
  await one.put('k', 'v')
  await Promise.all([two, three].map(server => server.kill()))
  await one.stop()
  const file = writeSurvivors(one, JSON.stringify([`${one.address}:8300`]))
  await one.start()
  await one.formation.started
  await servers.agree([one])
  t.equal(await one.get('k'), 'v')
  t.equal(fs.existsSync(file), false, 'the file is deleted')

  t.test('and one of the lost that comes back enters again', async t => {
    await one.put('k', 'w')
    await three.start()
    await servers.agree([one, three])
    t.equal(await three.get('k'), 'w')
  })
})

t.test('two of four servers are lost: the two that are left agree who goes on', async t => {
  const servers = new TestServers(t)
  const all = await servers.cluster(4)
  const [one, two] = all
  if (one === undefined || two === undefined) return
  await one.put('k', 'v')
  await Promise.all(all.map(server => server.kill()))
  const listed = JSON.stringify(
    [one, two].map(({ id, address }) => ({ id, address: `${address}:8300`, non_voter: false })),
  )
  for (const server of [one, two]) writeSurvivors(server, listed)
  await two.start()
  await one.start()
  await servers.agree([one, two])
  t.equal(await two.get('k'), 'v')
  t.equal(
    [one, two].filter(({ log }) =>
      log.messages('warn').some(message => message.startsWith('went on as the only server')),
    ).length,
    1,
  )
})

t.test('a peers.json that cannot be followed stops the agent and says where', async t => {
  const servers = new TestServers(t)
  const one = await (await servers.make({ expect: 1 })).start()
  await servers.agree([one])
  await one.kill()
  const rows: readonly (readonly [string, RegExp])[] = [
    ['["10.0.1.8:8300",', /raft\/peers\.json:1:17: /],
    ['{}', /raft\/peers\.json:1:1: is no list of servers/],
    ['[]', /raft\/peers\.json:1:1: is no list of servers/],
    ['[\n  "10.0.1.8:8300",\n  "10.0.1.8"\n]', /raft\/peers\.json:3:3: '10\.0\.1\.8' is no ip:port/],
    ['[{"address": 5}]', /raft\/peers\.json:1:2: a server is written as/],
    ['["10.0.1.8:8300"]', /raft\/peers\.json does not list this server/],
  ]
  for (const [text, message] of rows) {
    writeSurvivors(one, text)
    await one.start()
    await t.rejects(one.formation.started, { code: 'CLUSTER_RECOVERY_FILE', message }, text)
    await one.stop()
  }
})

t.test('a server moves to another address: the others are told before its etcd starts', async t => {
  const servers = new TestServers(t)
  const [one, two, three] = await servers.cluster(3)
  if (one === undefined || two === undefined || three === undefined) return
  await three.stop()
  await one.put('k', 'v')
  three.address = await loopbackAddress()
  await three.start()
  await servers.agree([one, two, three])
  t.equal(await three.get('k'), 'v')
  t.ok(one.formation.peers().includes(`${three.address}:8300`))
  t.equal(one.formation.servers().find(({ id }) => id === three.id)?.address, three.address)
})

t.test('all servers move to other addresses at once', async t => {
  const servers = new TestServers(t)
  const all = await servers.cluster(3)
  await all[0]?.put('k', 'v')
  await Promise.all(all.map(server => server.kill()))
  for (const server of all) server.address = await loopbackAddress()
  await Promise.all(
    all.map(server =>
      server.start({ retryJoin: { addresses: all.map(({ address }) => address), interval: 100, maxAttempts: 0 } }),
    ),
  )
  await servers.agree(all)
  t.equal(await all[1]?.get('k'), 'v')

  t.test('and know them from then on', async t => {
    await Promise.all(all.map(server => server.stop()))
    await Promise.all(all.map(server => server.start()))
    await servers.agree(all)
    t.equal(await all[2]?.get('k'), 'v')
  })
})

t.test('what a server kept alone goes into the cluster that it founds, whatever its id, and once only', async t => {
  const servers = new TestServers(t)
  const entries = Array.from({ length: 250 }, (_, i) => ({
    key: `key${String(i).padStart(3, '0')}`,
    value: Buffer.from(`value ${i}`),
    created: revision(1),
    modified: revision(i + 1),
  }))
  const snapshot: Snapshot = { revision: revision(250), entries }
  let failures = 1
  let done = 0
  const one = await (await servers.make({ expect: 2 })).start()
  const two = await servers.make({
    expect: 2,
    importFrom: () => (failures-- > 0 ? Promise.reject(new Error('the disk is slow')) : Promise.resolve(snapshot)),
    importDone: () => {
      done++
      return Promise.resolve()
    },
  })
  await two.start()
  await two.formation.join([one.address])
  await servers.agree([one, two])
  t.equal(servers.leader([one, two]), two, 'the one with the catalog founded')
  t.equal(await one.get('key249'), 'value 249')
  t.equal((await (await one.formation.store).load()).entries.length, 250)
  t.ok(done >= 1)
  t.equal(
    two.log.messages('warn').filter(message => message.startsWith('becoming or staying')).length,
    1,
    'after a failure it began anew',
  )
})

t.test('a founder that stopped half-way begins anew', async t => {
  const servers = new TestServers(t)
  const one = await servers.make({ expect: 2 })
  const two = await (await servers.make({ expect: 2 })).start()
  await one.start({ importFrom: () => Promise.reject(new Error('the disk is slow')), startJoin: [two.address] })
  await until('the import failed', () =>
    one.log.messages('warn').some(message => message.startsWith('becoming or staying')),
  )
  await one.stop()
  t.equal(two.formation.state.phase, 'waiting', 'nobody enters what is not founded')
  t.same(
    { decided: (one.facts.founding as { decided?: boolean }).decided, cluster: one.facts.cluster },
    { decided: true, cluster: undefined },
  )
  await one.start({ importFrom: () => Promise.resolve(undefined) })
  await servers.agree([one, two])
})
