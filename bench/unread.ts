import { once } from 'node:events'
import net from 'node:net'
import { withLoneAgent } from './support/lone-agent.js'
import { residentMegabytes } from './support/memory.js'
import { row } from './support/row.js'
import { timeUntil } from './support/until.js'

/** Values of half a megabyte below one prefix: 27 MB as a listing. */
const values = 40
const requests = 60

/** What an agent's memory grows by when one client asks for 60 large listings on one connection and reads none. */
export async function run(): Promise<void> {
  await withLoneAgent({}, async agent => {
    for (let i = 0; i < values; i++)
      await agent.api(`/v1/kv/big/${i}`, { method: 'PUT', body: 'v'.repeat(512 * 1024 - 1) })
    const size = (await (await agent.api('/v1/kv/big?recurse')).arrayBuffer()).byteLength
    const resident = (): number => residentMegabytes(agent.pid ?? 0)
    const before = resident()
    const { hostname, port } = new URL(agent.url)
    const socket = net.connect(Number(port), hostname).pause()
    try {
      await once(socket, 'connect')
      socket.write(
        Array.from({ length: requests }, (_, i) => `GET /v1/kv/big?recurse&x=${i} HTTP/1.1\r\nHost: x\r\n\r\n`).join(
          '',
        ),
      )
      let most = before
      const until = performance.now() + 5000
      await timeUntil(() => {
        most = Math.max(most, resident())
        return Promise.resolve(performance.now() > until)
      })
      const [start] = (await once(socket.resume(), 'data')) as [Buffer]
      if (!start.toString('latin1').startsWith('HTTP/1.1 200 '))
        throw new Error(`it was answered with ${start.toString('latin1', 0, 100)}`)
      row(
        'unread',
        `${requests} listings of ${Math.round(size / 1e6)} MB that nobody reads`,
        `${Math.round(most - before)} MB more`,
        `${Math.round(before)} MB before; one after the other`,
      )
    } finally {
      socket.destroy()
    }
  })
}
