import { withLoneAgent } from './support/lone-agent.js'
import { row } from './support/row.js'
import { hasWrk, perSecond, puts, rate } from './support/wrk.js'

/** Durable puts and gets of keys through the HTTP API of one server, 64 connections. Needs `wrk`. */
export async function run(): Promise<void> {
  if (!hasWrk()) {
    row('kv', 'skipped', '', 'wrk is not installed (Debian: apt install wrk)')
    return
  }
  await withLoneAgent({}, async agent => {
    row(
      'kv',
      'PUT, one durable server, 64 connections',
      rate(perSecond({ url: agent.url, lua: puts })),
      'goal >= 25,000/s',
    )
    row('kv', 'GET, 64 connections', rate(perSecond({ url: `${agent.url}/v1/kv/bench/7` })), 'goal >= 40,000/s')
    row('kv', 'GET ?stale, 64 connections', rate(perSecond({ url: `${agent.url}/v1/kv/bench/7?stale` })), '')
  })
}
