import type { Test } from 'tap'
import { Catalog } from '../../../src/catalog/index.js'
import { systemClock } from '../../../src/common/clock.js'
import type { Settings } from '../../../src/config/index.js'
import { createHttpServer, type HttpServer, type HttpServerOptions } from '../../../src/http/index.js'
import { openMemoryStore } from '../../../src/store/index.js'
import { RecordingMetrics } from '../../support/recording-metrics.js'
import { AgentTwin } from './agent-twin.js'
import { ask, type AskOptions, type Reply } from './ask.js'
import { TestLogHub } from './log-hub.js'
import { MembershipTwin } from './membership-twin.js'
import { settingsWith } from './settings.js'

/** A running HTTP API over a real catalog, with twins of the agent and its membership. */
export interface Served {
  readonly server: HttpServer
  readonly agent: AgentTwin
  readonly catalog: Catalog
  readonly membership: MembershipTwin
  readonly logs: TestLogHub
  readonly metrics: RecordingMetrics
  readonly settings: Settings
  readonly port: number
  readonly get: (path: string, options?: AskOptions) => Promise<Reply>
  /** PUTs; anything but a text or bytes goes as JSON. */
  readonly put: (path: string, body?: unknown, options?: AskOptions) => Promise<Reply>
}

/** Starts one on a free port; it closes when the test ends. */
export async function serve(
  t: Test,
  parts: Partial<Settings> = {},
  options: Partial<
    Pick<
      HttpServerOptions,
      'forward' | 'lastContact' | 'alwaysCurrent' | 'random' | 'places' | 'others' | 'unreadLimits'
    >
  > = {},
): Promise<Served> {
  const settings = settingsWith(parts)
  const store = openMemoryStore({ clock: systemClock })
  const catalog = await Catalog.open({ store, clock: systemClock })
  const agent = new AgentTwin(settings)
  const membership = new MembershipTwin()
  const logs = new TestLogHub()
  const metrics = new RecordingMetrics()
  const server = createHttpServer({
    settings,
    agent,
    catalog,
    membership,
    logs,
    metrics,
    clock: systemClock,
    random: options.random ?? (() => 0),
    alwaysCurrent: options.alwaysCurrent ?? true,
    places: options.places,
    others: options.others,
    unreadLimits: options.unreadLimits,
    ...(options.forward && { forward: options.forward }),
    ...(options.lastContact && { lastContact: options.lastContact }),
  })
  await server.start()
  t.teardown(async () => {
    await server.close()
    catalog.close()
    await store.close()
  })
  const port = server.addresses.find(({ kind }) => kind === 'tcp')?.port ?? 0
  return {
    server,
    agent,
    catalog,
    membership,
    logs,
    metrics,
    settings,
    port,
    get: (path, more) => ask(port, path, more),
    put: (path, body, more) => ask(port, path, { method: 'PUT', body, ...more }),
  }
}
