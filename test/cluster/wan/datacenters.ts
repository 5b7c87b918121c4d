import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Catalog } from '../../../src/catalog/index.js'
import { catalogDirectory, createWan, type ServerInfo, type Wan, type WanOptions } from '../../../src/cluster/index.js'
import { createRpcClient, createRpcServer, type RpcClient, type RpcServer } from '../../../src/rpc/index.js'
import { systemClock } from '../../../src/common/clock.js'
import { hours, seconds } from '../../../src/common/duration.js'
import { openMemoryStore, type Store } from '../../../src/store/index.js'
import { hurriedClock } from '../../support/hurried-clock.js'
import { RecordingLog } from '../../support/recording-log.js'
import { RecordingMetrics } from '../../support/recording-metrics.js'

/**
 * One server with a cluster port, a WAN port and the WAN on them, on a store that it shares with the others of its
 * datacenter.
 */
export interface TestServer {
  readonly info: () => ServerInfo
  readonly address: string
  readonly catalog: Catalog
  readonly wan: Wan
  readonly rpc: RpcServer
  readonly client: RpcClient
  readonly log: RecordingLog
  /** Stops it without a word, as a crash does. */
  crash(): Promise<void>
  /** Tells the others, then stops. */
  leave(): Promise<void>
}

/** A datacenter whose servers know each other. */
export class TestDatacenter {
  readonly servers: TestServer[] = []

  constructor(
    readonly name: string,
    readonly host: string,
    readonly store: Store = openMemoryStore(),
  ) {}

  /** Starts a server; what it answers for the API is its name and the path. */
  async start(
    name: string,
    options: Partial<WanOptions> & { readonly id?: string; readonly port?: number } = {},
  ): Promise<TestServer> {
    const { id = randomUUID(), port = 0, ...more } = options
    const log = new RecordingLog()
    const listen = { bind: this.host, port, allowed: [] }
    const rpc = createRpcServer({
      lan: { ...listen, port: 0 },
      wan: listen,
      connectionsPerClient: 0,
      log,
      metrics: new RecordingMetrics(),
      clock: systemClock,
    })
    const client = createRpcClient({ clock: systemClock })
    const catalog = await Catalog.open({ store: this.store, clock: systemClock })
    const info = (): ServerInfo => ({
      id,
      name,
      datacenter: this.name,
      address: this.host,
      wanAddress: this.host,
      ports: { raft: 8300, ...rpc.ports },
      build: '1.0.0',
      server: true,
    })
    rpc.serveApi((request: IncomingMessage, response: ServerResponse) => {
      response.writeHead(200, { 'X-Consul-Index': '7' })
      response.end(`${name} ${request.method ?? ''} ${request.url ?? ''}`)
    })
    const wan = createWan({
      self: info,
      lanServers: () => this.servers.map(one => one.info()),
      server: rpc,
      client,
      catalog,
      directory: catalogDirectory(catalog, hours(72)),
      startJoin: [],
      retryJoin: [],
      retryInterval: seconds(1),
      retryMax: 0,
      reconnectTimeout: hours(72),
      clock: hurriedClock(20),
      random: Math.random,
      log,
      ...more,
    })
    await rpc.start()
    const stop = async (): Promise<void> => {
      wan.close()
      client.close()
      catalog.close()
      await rpc.close()
    }
    const server: TestServer = {
      info,
      address: `${this.host}:${rpc.ports.wan}`,
      catalog,
      wan,
      rpc,
      client,
      log,
      crash: stop,
      leave: async () => {
        this.servers.splice(this.servers.indexOf(server), 1)
        await wan.leave()
        await stop()
      },
    }
    this.servers.push(server)
    wan.start()
    return server
  }

  /** Stops all that still run. */
  async close(): Promise<void> {
    await Promise.all(this.servers.map(server => server.crash().catch(() => undefined)))
    await this.store.close()
  }
}

/** `name status` of all members, in order. */
export const shown = ({ wan }: TestServer): readonly string[] =>
  wan.members().map(({ name, status }) => `${name} ${status}`)
