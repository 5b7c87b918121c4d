import fs from 'node:fs'
import path from 'node:path'
import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import { findEtcds } from '../../../src/etcd/etcd-processes.js'
import { createRpcClient, createRpcServer, type RpcClient, type RpcServer } from '../../../src/rpc/index.js'
import { openEtcdProcess, type EtcdProcess } from '../../../src/etcd/index.js'
import { openFormation, type OpenedFormation, type ServerInfo } from '../../../src/cluster/index.js'
import type { FormationOptions } from '../../../src/cluster/index.js'
import { systemClock } from '../../../src/common/clock.js'
import { milliseconds } from '../../../src/common/duration.js'
import { errorMessage } from '../../../src/common/errors.js'
import { openEtcdStore, type Store } from '../../../src/store/index.js'
import { loopbackAddress } from '../../support/loopback-address.js'
import { RecordingLog } from '../../support/recording-log.js'
import { RecordingMetrics } from '../../support/recording-metrics.js'
import { temporaryDirectory } from '../../support/temporary-directory.js'
import { until } from '../../support/until.js'
import { memoryConfiguration } from './memory-configuration.js'

export type Plan = Partial<Omit<FormationOptions, 'self' | 'process'>> & {
  readonly id?: string
  readonly datacenter?: string
}

/**
 * A server of a test in this process: its own address, cluster port, data directory and etcd. It can be stopped, killed
 * and started again.
 */
export class TestServer {
  readonly log = new RecordingLog()
  readonly id: string
  formation!: OpenedFormation
  process!: EtcdProcess
  store: Store | undefined
  exhausted: string | undefined
  #server: RpcServer | undefined
  #client: RpcClient | undefined

  constructor(
    readonly name: string,
    readonly directory: string,
    public address: string,
    readonly plan: Plan,
  ) {
    this.id = plan.id ?? randomUUID()
  }

  get info(): ServerInfo {
    return {
      id: this.id,
      name: this.name,
      datacenter: this.plan.datacenter ?? 'dc1',
      address: this.address,
      wanAddress: this.address,
      ports: { raft: 8300, lan: 8301, wan: 8302 },
      build: '1.0.0',
      server: true,
    }
  }

  get facts(): Readonly<Record<string, unknown>> {
    return JSON.parse(fs.readFileSync(path.join(this.directory, 'servers.json'), 'utf8')) as Readonly<
      Record<string, unknown>
    >
  }

  async start(plan: Plan = {}): Promise<this> {
    const listen = { bind: this.address, port: 8301, allowed: [] }
    const server = (this.#server = createRpcServer({
      lan: listen,
      wan: { ...listen, port: -1 },
      connectionsPerClient: 0,
      log: this.log,
      metrics: new RecordingMetrics(),
      clock: systemClock,
    }))
    const client = (this.#client = createRpcClient({ clock: systemClock }))
    this.process = openEtcdProcess({
      program: 'etcd',
      directory: path.join(this.directory, 'etcd'),
      name: this.id,
      bindAddress: this.address,
      advertiseAddress: this.address,
      port: 8300,
      quotaBytes: 2 ** 30,
      raftMultiplier: 1,
      log: new RecordingLog(),
      clock: systemClock,
      metrics: new RecordingMetrics(),
    })
    this.formation = openFormation({
      self: this.info,
      dataDir: this.directory,
      expect: 0,
      process: this.process,
      startJoin: [],
      retryJoin: { addresses: [], interval: 100, maxAttempts: 0 },
      openStore: connection => openEtcdStore({ connection, prefix: 'muster/', holdTimeout: milliseconds(3000) }),
      onJoinExhausted: error => {
        this.exhausted = error.message
      },
      rejoinAfterLeave: false,
      server,
      client,
      clock: systemClock,
      log: this.log,
      configuration: memoryConfiguration(),
      holdTimeout: 3000,
      ...this.plan,
      ...plan,
    })
    this.formation.store.then(
      store => {
        this.store = store
      },
      () => undefined,
    )
    await server.start()
    return this
  }

  /** Ends as an agent does that is told to. */
  async stop(): Promise<void> {
    await this.store?.close().catch(() => undefined)
    this.store = undefined
    await this.formation.close()
    this.#client?.close()
    await this.#server?.close()
    this.process.admin.close()
  }

  /** Ends as by kill -9 of agent and etcd. */
  async kill(): Promise<void> {
    this.killEtcd()
    await this.stop()
  }

  killEtcd(): void {
    for (const { pid } of findEtcds(path.join(this.directory, 'etcd'))) process.kill(pid, 'SIGKILL')
  }

  async put(key: string, value: string): Promise<void> {
    const store = await this.formation.store
    await until(
      `${this.name} writes`,
      async () => (await store.commit({ when: [], then: [{ kind: 'put', key, value: Buffer.from(value) }] })).ok,
      15_000,
    )
  }

  /** What a key holds, as of now. */
  async get(key: string): Promise<string | undefined> {
    const store = await this.formation.store
    await store.barrier()
    const entry = (await store.load()).entries.find(one => one.key === key)
    return entry === undefined ? undefined : Buffer.from(entry.value).toString()
  }
}

/** Servers of one test, gone at its end. Ids are given in order, so that the first one made is the one to found. */
export class TestServers {
  readonly all: TestServer[] = []
  readonly #t: Test

  constructor(t: Test) {
    this.#t = t
    t.teardown(async () => {
      await Promise.all(this.all.map(server => server.kill().catch(() => undefined)))
      if (process.env.SHOW_LOG !== undefined || !t.passing())
        for (const server of this.all)
          for (const line of server.log.lines)
            process.stderr.write(`# ${server.name} ${line.level} ${line.message} ${JSON.stringify(line.fields)}\n`)
    })
  }

  async make(plan: Plan = {}): Promise<TestServer> {
    const number = this.all.length + 1
    const id = `0000000${number}-0000-0000-0000-000000000000`
    const server = new TestServer(`s${number}`, temporaryDirectory(this.#t), await loopbackAddress(), { id, ...plan })
    this.all.push(server)
    return server
  }

  /** Servers that know each other and have become a cluster. */
  async cluster(size: number, plan: Plan = {}): Promise<readonly TestServer[]> {
    const servers: TestServer[] = []
    for (let i = 0; i < size; i++) servers.push(await (await this.make({ expect: size, ...plan })).start())
    await servers[0]?.formation.join(servers.map(({ address }) => address))
    await this.agree(servers)
    return servers
  }

  /** Until all see the same leader and each other as voters. */
  async agree(servers: readonly TestServer[], ms = 40_000): Promise<void> {
    const expected = servers
      .map(({ address }) => `${address}:8300`)
      .sort()
      .join()
    for (const server of servers) {
      await until(
        `${server.name} is a member among ${servers.length}`,
        () => {
          const { state, leader } = server.formation
          const peers = [...server.formation.peers()].sort().join()
          if (state.phase === 'member' && leader.address !== '' && peers === expected) return true
          throw new Error(`${JSON.stringify(state)} leader ${leader.address} peers ${peers}`)
        },
        ms,
      ).catch((error: unknown) => {
        throw new Error(errorMessage(error))
      })
    }
    await until('one leader', () => new Set(servers.map(({ formation }) => formation.leader.address)).size === 1)
  }

  leader(servers: readonly TestServer[]): TestServer {
    const leader = servers.find(({ formation }) => formation.leader.self)
    if (leader === undefined) throw new Error('nobody leads')
    return leader
  }
}
