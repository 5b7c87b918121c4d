// muster's DNS server on a catalog of its own, for a benchmark: `few` has 3 instances, `many` 100. Prints its port when
// it listens.
import { Catalog, register } from '../../src/catalog/index.js'
import { systemClock } from '../../src/common/clock.js'
import { createDnsServer } from '../../src/dns/index.js'
import { openMemoryStore } from '../../src/store/index.js'
import { dnsSettings } from '../../test/dns/support/settings.js'
import { RecordingLog } from '../../test/support/recording-log.js'
import { RecordingMetrics } from '../../test/support/recording-metrics.js'

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
        service: { id: name, name, port: 8000 },
        checks: [{ id: `up-${name}`, name: 'up', status: 'passing', serviceId: name }],
      }),
    )
  }
}
const server = createDnsServer({
  settings: dnsSettings(),
  catalog,
  log: new RecordingLog(),
  metrics: new RecordingMetrics(),
  clock: systemClock,
  random: Math.random,
  ready: () => true,
})
await server.start()
console.log(server.addresses[0]?.port)
