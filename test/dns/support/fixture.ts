import type { Test } from 'tap'
import { Catalog, register, type RegisterRequest } from '../../../src/catalog/index.js'
import { systemClock, type Clock } from '../../../src/common/clock.js'
import { createDnsServer, type DnsServer, type DnsServerDeps } from '../../../src/dns/index.js'
import { openMemoryStore } from '../../../src/store/index.js'
import { RecordingLog } from '../../support/recording-log.js'
import { RecordingMetrics } from '../../support/recording-metrics.js'
import { ask, type Question, type Reply } from './dns-client.js'
import { dnsSettings, type DnsChanges } from './settings.js'

/** A DNS server on a catalog of its own, both closed at the test's end. */
export interface DnsFixture {
  readonly catalog: Catalog
  readonly server: DnsServer
  readonly port: number
  readonly log: RecordingLog
  readonly metrics: RecordingMetrics
  register(...requests: readonly RegisterRequest[]): Promise<void>
  ask(question: Question | string): Promise<Reply>
  update(changes: DnsChanges): void
}

/** A catalog on a memory store, holding what the requests register. */
export async function openCatalog(
  t: Test,
  requests: readonly RegisterRequest[] = [],
  clock: Clock = systemClock,
): Promise<Catalog> {
  const store = openMemoryStore({ clock })
  const catalog = await Catalog.open({ store, clock })
  t.teardown(async () => {
    catalog.close()
    await store.close()
  })
  for (const request of requests) await catalog.execute(register(request))
  return catalog
}

/** Starts a server on real sockets. */
export async function startDns(
  t: Test,
  {
    settings = {},
    entries = [],
    ...deps
  }: { settings?: DnsChanges; entries?: readonly RegisterRequest[] } & Partial<
    Omit<DnsServerDeps, 'settings' | 'log' | 'metrics' | 'catalog'>
  > = {},
): Promise<DnsFixture> {
  const catalog = await openCatalog(t, entries)
  const log = new RecordingLog()
  const metrics = new RecordingMetrics()
  const server = createDnsServer({
    settings: dnsSettings(settings),
    catalog,
    log,
    metrics,
    clock: systemClock,
    random: Math.random,
    ready: () => true,
    ...deps,
  })
  await server.start()
  t.teardown(() => server.close())
  const port = server.addresses[0]?.port ?? 0
  return {
    catalog,
    server,
    port,
    log,
    metrics,
    register: async (...requests) => {
      for (const request of requests) await catalog.execute(register(request))
    },
    ask: question => ask(port, typeof question === 'string' ? { name: question } : question),
    update: changes => {
      server.update(dnsSettings(changes))
    },
  }
}
