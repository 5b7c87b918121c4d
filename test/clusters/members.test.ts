import t from 'tap'
import { startCluster } from '../support/cluster.js'
import { until } from '../support/until.js'

interface Check {
  readonly CheckID: string
  readonly Status: string
  readonly Output: string
}

t.test(
  'a client that dies fails within its lease, one that stands still comes back by itself, one that leaves is gone',
  async t => {
    const cluster = await startCluster(t, {
      servers: 3,
      clients: 2,
      conf: { 'web.json': { service: { name: 'web', port: 80 } } },
    })
    const [one, two] = cluster.clients
    const [server] = cluster.servers
    if (one === undefined || two === undefined || server === undefined) throw new Error('no agents')
    const serfHealth = async (node: string): Promise<Check | undefined> =>
      (await server.get<Check[]>(`/v1/health/node/${node}`)).find(check => check.CheckID === 'serfHealth')
    const passing = async (): Promise<number> => (await server.get<unknown[]>('/v1/health/service/web?passing')).length
    await until('all five are there', async () => (await passing()) === 5)

    await one.crash()
    await until('it has failed', async () => (await serfHealth('c1'))?.Status === 'critical', 20_000)
    t.equal((await serfHealth('c1'))?.Output, 'Agent not live or unreachable')
    t.equal(await passing(), 4)
    t.equal((await server.dig('web.service.consul')).answer.length, 4)
    t.match((await server.cli('members')).out, /^c1 .* failed /m)

    two.pause()
    await until('it has failed too', async () => (await serfHealth('c2'))?.Status === 'critical', 20_000)
    two.resume()
    await until('it is back by itself', async () => (await serfHealth('c2'))?.Status === 'passing', 20_000)
    t.equal((await serfHealth('c2'))?.Output, 'Agent alive and reachable')
    await until('with its service', async () => (await passing()) === 4)

    await one.start()
    await until('all are there again', async () => (await passing()) === 5, 20_000)
    t.equal(await one.stop('SIGINT'), 0, 'a client leaves when it is interrupted')
    await until(
      'it is out of the catalog at once',
      async () =>
        (await server.api('/v1/catalog/node/c1')).status === 200 && (await server.get('/v1/catalog/node/c1')) === null,
    )
    t.match((await server.cli('members')).out, /^c1 .* left /m)

    await two.crash()
    await until('it has failed', async () => (await serfHealth('c2'))?.Status === 'critical', 20_000)
    t.equal((await server.cli('force-leave', 'c2')).code, 0)
    await cluster.membersAre({ s1: 'alive', s2: 'alive', s3: 'alive', c1: 'left', c2: 'left' }, cluster.servers)
    t.equal((await server.cli('force-leave', '-prune', 'c2')).code, 0)
    await cluster.membersAre({ s1: 'alive', s2: 'alive', s3: 'alive', c1: 'left' }, cluster.servers)
    t.match((await server.cli('force-leave', 'nobody')).err, /No node found with name 'nobody'/)
  },
)
