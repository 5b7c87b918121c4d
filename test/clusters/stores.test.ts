import t from 'tap'
import { newCluster, type Cluster } from '../support/cluster.js'
import type { ClusterAgent } from '../support/cluster-agent.js'
import { startEtcd } from '../support/etcd.js'
import { run } from '../support/run.js'
import { until } from '../support/until.js'
import { rawValue } from './raw-value.js'

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
  t.equal(await rawValue(two, 'key'), 'of the first')
  t.equal(await rawValue(other, 'key'), 'of the second')
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
