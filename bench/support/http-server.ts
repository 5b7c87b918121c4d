// muster's HTTP API on a catalog of its own, for a benchmark: `few` has 3 instances, `many` 100, and with the argument
// `texts` there is a service of that name with 2,000 instances that have a long text each. Prints its port when it
// listens; asked by a message, it tells how long its event loop stood still.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Catalog, register } from '../../src/catalog/index.js'
import { systemClock } from '../../src/common/clock.js'
import { createHttpServer } from '../../src/http/index.js'
import { openMemoryStore } from '../../src/store/index.js'
import { AgentTwin } from '../../test/http/support/agent-twin.js'
import { TestLogHub } from '../../test/http/support/log-hub.js'
import { MembershipTwin } from '../../test/http/support/membership-twin.js'
import { settingsWith } from '../../test/http/support/settings.js'
import { RecordingMetrics } from '../../test/support/recording-metrics.js'

/** The longest time and the 99th percentile, in milliseconds, for which an event loop did not come round. */
export interface Stall {
  readonly max: number
  readonly p99: number
}

const catalog = await Catalog.open({ store: openMemoryStore(), clock: systemClock })
for (const [name, count] of [
  ['few', 3],
  ['many', 100],
] as const) {
  for (let i = 1; i <= count; i++) {
    await catalog.execute(
      register({
        node: `${name}-${i}`,
        address: `10.0.${name === 'few' ? 1 : 2}.${i}`,
        meta: { rack: `r${i % 4}` },
        taggedAddresses: { lan: `10.0.1.${i}`, wan: `198.51.100.${i}` },
        service: { id: name, name, tags: ['v1', 'primary'], port: 8000 },
        checks: [
          { id: 'serfHealth', name: 'Serf Health Status', status: 'passing', output: 'Agent alive and reachable' },
          { id: `up-${name}`, name: 'up', status: 'passing', serviceId: name },
        ],
      }),
    )
  }
}
if (process.argv[2] === 'texts') {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  process.on('message', () => {
    process.send?.({ max: delay.max / 1e6, p99: delay.percentile(99) / 1e6 } satisfies Stall)
    delay.reset()
  })
  for (let i = 0; i < 2000; i++) {
    const k = `Z${Array.from({ length: 499 }, () => (Math.random() < 0.5 ? 'a' : 'b')).join('')}`
    await catalog.execute(
      register({
        node: `t${i % 40}`,
        address: '10.0.3.1',
        service: { id: `texts-${i}`, name: 'texts', tags: ['v1'], meta: { k } },
      }),
    )
  }
}
const settings = settingsWith()
const server = createHttpServer({
  settings,
  catalog,
  agent: new AgentTwin(settings),
  membership: new MembershipTwin(),
  logs: new TestLogHub(),
  metrics: new RecordingMetrics(),
  clock: systemClock,
  random: Math.random,
  alwaysCurrent: true,
})
await server.start()
console.log(server.addresses[0]?.port)
