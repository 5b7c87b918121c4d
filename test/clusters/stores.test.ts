import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { newCluster, startCluster, type Cluster } from '../support/cluster.js'
import type { ClusterAgent } from '../support/cluster-agent.js'
import { startEtcd } from '../support/etcd.js'
import { run } from '../support/run.js'
import { temporaryDirectory } from '../support/temporary-directory.js'
import { until } from '../support/until.js'

const etcdctl = (endpoint: string, ...args: readonly string[]) =>
  run('etcdctl', [`--endpoints=${endpoint}`, ...args], { env: { ETCDCTL_API: '3' } })

/** Servers on an etcd of someone else. */
async function onEtcd(
  cluster: Cluster,
  endpoint: string,
  prefix: string,
  names: readonly string[],
): Promise<ClusterAgent[]> {
  const agents: ClusterAgent[] = []
  for (const name of names) {
    const agent = await cluster.add({
      name,
      role: 'server',
      conf: { 'store.json': { store: { etcd: { endpoints: [endpoint], prefix } } } },
    })
    agents.push(await agent.start())
  }
  return agents
}

const raw = async (agent: ClusterAgent, key: string): Promise<string> =>
  (await agent.api(`/v1/kv/${key}?raw&consistent`)).text()

t.test('two clusters share an etcd and see nothing of each other', async t => {
  const etcd = await startEtcd(t)
  const cluster = newCluster(t)
  const [one, two] = await onEtcd(cluster, etcd.endpoint, 'first/', ['one', 'two'])
  const [other] = await onEtcd(cluster, etcd.endpoint, 'second/', ['other'])
  if (one === undefined || two === undefined || other === undefined) throw new Error('no agents')
  await until(
    'they know each other',
    async () =>
      (await one.get<unknown[]>('/v1/agent/members')).length === 2
      && (await two.get<unknown[]>('/v1/agent/members')).length === 2,
  )
  await one.put('/v1/kv/key', 'of the first')
  await other.put('/v1/kv/key', 'of the second')
  t.equal(await raw(two, 'key'), 'of the first')
  t.equal(await raw(other, 'key'), 'of the second')
  t.equal((await other.get<unknown[]>('/v1/agent/members')).length, 1)
  const keys = (await etcdctl(etcd.endpoint, 'get', '', '--prefix', '--keys-only')).out
    .split('\n')
    .filter(line => line !== '')
  t.ok(keys.length > 4)
  t.same(
    keys.filter(key => !/^(first|second)\//.test(key)),
    [],
    'every key has its prefix',
  )
  t.equal(one.etcd.length, 0, 'no etcd of its own')
})

t.test('etcd stops, is compacted and goes on, time and again: what is written is seen at once', async t => {
  let etcd = await startEtcd(t)
  const cluster = newCluster(t)
  const [one, two] = await onEtcd(cluster, etcd.endpoint, 'muster/', ['one', 'two'])
  if (one === undefined || two === undefined) throw new Error('no agents')
  two.write('web.json', { service: { name: 'web', port: 80 } })
  await until('web is there', async () => (await one.get<unknown[]>('/v1/health/service/web')).length === 1)
  for (let round = 0; round < 4; round++) {
    await etcd.stop()
    t.equal((await one.api('/v1/health/service/web?stale')).status, 200, 'who takes what is known is still answered')
    etcd = await etcd.restart()
    for (let i = 0; i < 5; i++) await etcdctl(etcd.endpoint, 'put', `unrelated/${i}`, 'x')
    const found = /"revision":(\d+)/.exec((await etcdctl(etcd.endpoint, 'get', 'x', '-w', 'json')).out)?.[1] ?? ''
    t.equal((await etcdctl(etcd.endpoint, 'compact', found)).code, 0)
    await until('a write goes through', async () => (await two.put('/v1/kv/round', String(round))) === 'true')
    two.write('web.json', { service: { name: 'web', port: 90 + round } })
    await until(
      `round ${round} is seen on the other server`,
      async () =>
        (await one.get<{ Service: { Port: number } }[]>('/v1/health/service/web?stale'))[0]?.Service.Port
        === 90 + round,
    )
    t.equal(await (await one.api('/v1/kv/round?raw&stale')).text(), String(round))
  }
})

t.test('what a lone server kept in LMDB is there when it becomes one of two', async t => {
  const cluster = newCluster(t)
  const first = await (
    await cluster.add({
      name: 'first',
      role: 'server',
      expect: 1,
      conf: { 'web.json': { service: { name: 'web', port: 80 } } },
    })
  ).start()
  await until('it takes writes', async () => (await first.put('/v1/kv/old/0', 'value 0')) === 'true')
  for (let i = 1; i < 300; i++) await first.put(`/v1/kv/old/${i}`, `value ${i}`)
  const { ID: session } = JSON.parse(await first.put('/v1/session/create', { Name: 'mine', LockDelay: '0s' })) as {
    ID: string
  }
  t.equal(await first.put(`/v1/kv/lock?acquire=${session}`, 'held'), 'true')
  await first.put('/v1/catalog/register', { Node: 'far', Address: '192.0.2.1', Service: { Service: 'db', Port: 5432 } })
  await first.stop()

  first.expect = 2
  await first.start()
  const second = await (
    await cluster.add({
      name: 'second',
      role: 'server',
      expect: 2,
      flags: [`-retry-join=${first.address}`, '-retry-interval=1s'],
    })
  ).start()
  await cluster.leader()
  await cluster.membersAre({ first: 'alive', second: 'alive' })
  for (const agent of [first, second]) {
    t.equal((await agent.get<string[]>('/v1/kv/old/?keys&consistent')).length, 300, agent.name)
    t.equal(await raw(agent, 'old/299'), 'value 299')
    t.match(await agent.get('/v1/kv/lock'), [{ Session: session }])
    t.match(await agent.get('/v1/catalog/service/db'), [{ Node: 'far', ServicePort: 5432 }])
    t.equal((await agent.get<unknown[]>('/v1/catalog/service/web')).length, 1)
  }
  await first.put('/v1/kv/new', 'x')
  await Promise.all([first.crash(), second.crash()])
  await Promise.all([first.start(), second.start()])
  await cluster.leader()
  t.equal(await until('both are back', () => raw(second, 'new')), 'x')
  t.equal((await second.get<string[]>('/v1/kv/old/?keys')).length, 300, 'it was taken over once')
})

/** A small disk that is mounted for the test, or why it cannot be. */
function smallDisk(t: Test, megabytes: number): string | undefined {
  const directory = temporaryDirectory(t)
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', directory]).status !== 0) return undefined
  t.teardown(() => {
    spawnSync('umount', ['-l', directory])
  })
  return directory
}

/** Writes to a file until there is no room left, whoever else writes at the same time. */
function fill(file: string): void {
  const descriptor = fs.openSync(file, 'w')
  try {
    for (const block = Buffer.alloc(65_536); ;) fs.writeSync(descriptor, block)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  } finally {
    fs.closeSync(descriptor)
  }
}

t.test('no room on the disk of one server: the others go on, and it too once there is room', async t => {
  const disk = smallDisk(t, 400)
  if (disk === undefined) {
    t.comment('a disk of a fixed size cannot be mounted here')
    return
  }
  const cluster = await startCluster(t, { servers: 3, prefix: '', dataDirs: [undefined, undefined, disk] })
  const [healthy, , full] = cluster.servers
  if (healthy === undefined || full === undefined) throw new Error('no servers')
  await full.put('/v1/kv/before', '1')
  const ballast = path.join(disk, 'ballast')
  fill(ballast)
  // What etcd has set aside for its log is used up first.
  const value = 'x'.repeat(400_000)
  for (let i = 0; i < 200; i++)
    await until('the others take it', async () => (await healthy.put(`/v1/kv/big/${i % 20}`, value)) === 'true')
  t.equal(await (await healthy.api('/v1/kv/before?raw&consistent')).text(), '1')
  t.ok(full.running, 'the agent lives on')
  fs.rmSync(ballast)
  await until(
    'it takes part again',
    async () => (await full.put('/v1/kv/after', '2')) === 'true' && (await raw(full, 'after')) === '2',
    60_000,
  )
  t.equal((await full.get<string[]>('/v1/kv/big/?keys&consistent')).length, 20)
})
