// Many agents in one process, as far as servers can tell: heartbeats and services, without conf, checks, HTTP and DNS.
// light-agents FIRST COUNT SERVICES SERVER... ; prints `registered` once all are in the catalog, and ends when its
// stdin does.
import { randomUUID } from 'node:crypto'
import { createRpcClient } from '../../src/rpc/index.js'
import { systemClock } from '../../src/common/clock.js'

const [first = 0, count = 0, services = 0] = process.argv.slice(2, 5).map(Number)
const servers = process.argv.slice(5)
const rpc = createRpcClient({ clock: systemClock })
let failures = 0

async function live(number: number): Promise<void> {
  const name = `light-${number}`
  const address = `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`
  const id = randomUUID()
  const server = servers[number % servers.length] ?? ''
  const info = {
    id,
    name,
    datacenter: 'dc1',
    address,
    wanAddress: address,
    ports: { raft: 0, lan: 8301, wan: 0 },
    build: '1.10.0',
    server: false,
  }
  const beat = async (): Promise<number> => {
    const { every } = (await rpc.call(
      server,
      'member/heartbeat',
      { info, tags: { role: 'node', dc: 'dc1', id }, members: 0 },
      { timeout: 10_000 },
    )) as { every: number }
    return every
  }
  const again = (every: number): void => {
    setTimeout(
      () => {
        beat().then(again, () => {
          failures++
          again(1000)
        })
      },
      every * (0.9 + Math.random() * 0.2),
    )
  }
  for (;;) {
    try {
      again(await beat())
      break
    } catch (error) {
      if (failures++ > 1000) throw error
      await new Promise(resolve => setTimeout(resolve, 500 * Math.random()))
    }
  }
  const own = Array.from({ length: services }, (_, i) => ({
    node: name,
    id: `s${i}`,
    name: `light-${i}`,
    kind: '',
    tags: ['light'],
    address: '',
    taggedAddresses: {},
    meta: {},
    port: 1000 + i,
    socketPath: '',
    weights: { passing: 1, warning: 1 },
    enableTagOverride: false,
  }))
  const checks = own.map(({ id: serviceId }) => ({
    node: name,
    id: `service:${serviceId}`,
    name: 'up',
    status: 'passing',
    notes: '',
    output: '',
    serviceId,
    type: 'ttl',
    definition: {},
  }))
  await rpc.call(
    server,
    'sync/write',
    {
      node: { node: name, id, address, taggedAddresses: {}, meta: {} },
      put: { services: own, checks },
      remove: { services: [], checks: [] },
    },
    { timeout: 30_000 },
  )
}

const waiting = Array.from({ length: count }, (_, i) => first + i)
await Promise.all(
  Array.from({ length: 16 }, async () => {
    for (let number = waiting.shift(); number !== undefined; number = waiting.shift()) await live(number)
  }),
)
console.log('registered')
process.stdin.resume().once('end', () => {
  process.exit()
})
