import { Cluster, populate } from '../test/support/cluster.js'
import { quantiles, row } from './support/row.js'
import { WatchingClients } from './support/watching-clients.js'
import { ms } from './support/wrk.js'

const count = 2000
const changes = 20

/**
 * So many watchers of one service, spread over three servers, each asking again as soon as it was told. One change must
 * reach all of them.
 */
export async function run(): Promise<void> {
  const cluster = new Cluster()
  let clients: WatchingClients | undefined
  try {
    await populate(cluster, {
      servers: 3,
      flags: ['-log-level=warn'],
      conf: { 'limits.json': { limits: { http_max_conns_per_client: 2 * count } } },
    })
    const [first] = cluster.servers
    if (first === undefined) throw new Error('no server')
    await first.put('/v1/agent/service/register', { Name: 'watched', Port: 1 })
    let told = (_port: number): void => undefined
    clients = await WatchingClients.open(
      cluster.servers.map(({ address }) => address),
      count,
      index => `/v1/health/service/watched?stale&index=${index}&wait=60s`,
      ({ body }) => {
        told(Number(/"Port":\s*(\d+)/.exec(body)?.[1] ?? 0))
      },
    )
    const last: number[] = []
    for (let port = 2; port < 2 + changes; port++) {
      // Nobody tells when a server has read all questions; a watcher that were not back yet would be counted late.
      await new Promise(resolve => setTimeout(resolve, 500))
      let missing = count
      const all = new Promise<void>(resolve => {
        told = seen => {
          if (seen === port && --missing === 0) resolve()
        }
      })
      const begun = performance.now()
      await first.put('/v1/agent/service/register', { Name: 'watched', Port: port })
      await all
      last.push(performance.now() - begun)
    }
    const { median } = quantiles(last)
    row(
      'http',
      `${count.toLocaleString('en')} watchers, three servers: a change reaches all`,
      ms(median),
      `slowest of ${changes}: ${ms(Math.max(...last))}, ${clients.errors} errors; goal <= 100 ms, none`,
    )
  } finally {
    clients?.close()
    await cluster.close()
  }
}
