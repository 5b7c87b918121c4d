import t from 'tap'
import { startCluster } from '../support/cluster.js'
import { until } from '../support/until.js'

t.test(
  'a client away for long, while its service and all servers changed, is in order again when it is back',
  async t => {
    const cluster = await startCluster(t, {
      servers: 3,
      clients: 1,
      conf: { 'web.json': { service: { name: 'web', port: 80 } } },
    })
    const [client] = cluster.clients
    const [server] = cluster.servers
    if (client === undefined || server === undefined) throw new Error('no agents')
    const ports = async (): Promise<string> =>
      (await server.get<{ Node: string; ServicePort: number }[]>('/v1/catalog/service/web'))
        .map(item => `${item.Node}:${item.ServicePort}`)
        .sort()
        .join()
    await until('all four are there', async () => (await ports()) === 'c1:80,s1:80,s2:80,s3:80')
    client.pause()
    await cluster.membersAre({ s1: 'alive', s2: 'alive', s3: 'alive', c1: 'failed' }, [server], 40_000)
    client.write('web.json', { service: { name: 'web', port: 81 } })
    for (const one of cluster.servers) {
      await one.stop()
      one.write('web.json', { service: { name: 'web', port: 82 } })
      await one.start()
      await cluster.leader()
    }
    client.resume()
    await until('everybody is where the files say', async () => (await ports()) === 'c1:81,s1:82,s2:82,s3:82', 30_000)
    await cluster.membersAre({ s1: 'alive', s2: 'alive', s3: 'alive', c1: 'alive' })
    await until(
      'the client answers anew',
      async () =>
        (await client.dig('web.service.consul', 'SRV')).answer.filter(line => line.includes(' 82 ')).length === 3,
    )
  },
)
