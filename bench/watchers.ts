import http from 'node:http'
import { Cluster, populate } from '../test/support/cluster.js'
import { quantiles, row } from './support/row.js'
import { ms } from './support/wrk.js'

const count = 2000
const changes = 20

/** So many watchers of one service, spread over three servers, each asking again as soon as it was told. One change must reach all of them. */
export async function run(): Promise<void> {
  const cluster = new Cluster()
  const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity })
  try {
    await populate(cluster, { servers: 3, flags: ['-log-level=warn'], conf: { 'limits.json': { limits: { http_max_conns_per_client: 2 * count } } } })
    const [first] = cluster.servers
    if (first === undefined) throw new Error('no server')
    await first.put('/v1/agent/service/register', { Name: 'watched', Port: 1 })
    let errors = 0
    let watching = true
    let told = (_port: number): void => undefined
    const watchers = Array.from({ length: count }, async (_, number) => {
      const host = cluster.servers[number % 3]?.address ?? ''
      let index = '0'
      while (watching) {
        const answer = await get(agent, host, `/v1/health/service/watched?stale&index=${index}&wait=60s`)
        if (answer === undefined) {
          if (watching) errors++
          continue
        }
        index = answer.index
        const port = /"Port":\s*(\d+)/.exec(answer.body)?.[1]
        if (port !== undefined) told(Number(port))
      }
    })
    const last: number[] = []
    for (let port = 2; port < 2 + changes; port++) {
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
    watching = false
    agent.destroy()
    await Promise.all(watchers)
    const { median, p99 } = quantiles(last)
    row('http', `${count.toLocaleString('en')} watchers, three servers: a change reaches all`, ms(median), `slowest of ${changes}: ${ms(p99)}, ${errors} errors; goal <= 100 ms, none`)
  } finally {
    agent.destroy()
    await cluster.close()
  }
}

/** Undefined: no answer, or none with 200. */
function get(agent: http.Agent, host: string, path: string): Promise<{ readonly index: string; readonly body: string } | undefined> {
  return new Promise(resolve => {
    const request = http.get({ agent, host, port: 8500, path }, response => {
      let body = ''
      response.on('data', (chunk: Buffer) => { body += chunk.toString() })
      response.once('error', () => { resolve(undefined) })
      response.once('end', () => { resolve(response.statusCode === 200 ? { index: String(response.headers['x-consul-index']), body } : undefined) })
    })
    request.once('error', () => { resolve(undefined) })
  })
}
