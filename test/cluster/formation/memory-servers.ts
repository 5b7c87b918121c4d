import type { EtcdStart } from '../../../src/etcd/types.js'
import {
  openFormation,
  type FormationOptions,
  type OpenedFormation,
  type ServerInfo,
} from '../../../src/cluster/index.js'
import type { FormationFiles } from '../../../src/cluster/formation/files.js'
import { FakeClock } from '../../support/fake-clock.js'
import { MemoryEtcd, MemoryRaft, type MemoryDisk } from '../../support/memory-etcd.js'
import { MemoryNetwork, type MemoryEnd } from '../../support/memory-rpc.js'
import { RecordingLog } from '../../support/recording-log.js'
import { memoryConfiguration } from './memory-configuration.js'

export type MemoryPlan = Partial<Omit<FormationOptions, 'self' | 'process' | 'files'>>

/** A data directory in memory. */
class MemoryFiles implements FormationFiles {
  readonly texts = new Map<string, string>()
  /** Thrown by the next write. */
  fault: Error | undefined

  path(name: string): string {
    return `/data/${name}`
  }
  read(name: string): string | undefined {
    return this.texts.get(name)
  }
  replace(name: string, text: string): void {
    const { fault } = this
    this.fault = undefined
    if (fault !== undefined) throw fault
    this.texts.set(name, text)
  }
  remove(name: string): void {
    this.texts.delete(name)
  }
}

/** A server of a story: its host, its disk, and while it runs its formation, etcd and end of the network. */
export class MemoryServer {
  readonly log = new RecordingLog()
  readonly files = new MemoryFiles()
  readonly disk: MemoryDisk = { data: undefined, damaged: false }
  formation!: OpenedFormation
  etcd!: MemoryEtcd
  exhausted: string | undefined
  #end: MemoryEnd | undefined

  constructor(
    readonly world: MemoryServers,
    readonly name: string,
    readonly id: string,
    public host: string,
    readonly plan: MemoryPlan,
  ) {}

  get info(): ServerInfo {
    return {
      id: this.id,
      name: this.name,
      datacenter: 'dc1',
      address: this.host,
      wanAddress: this.host,
      ports: { raft: 8300, lan: 8301, wan: 8302 },
      build: '1.0.0',
      server: true,
    }
  }

  get facts(): Readonly<Record<string, unknown>> {
    return JSON.parse(this.files.read('servers.json') ?? '{}') as Readonly<Record<string, unknown>>
  }
  get phase(): string {
    return this.formation.state.phase
  }
  get starts(): readonly EtcdStart['how'][] {
    return this.etcd.starts
  }

  start(plan: MemoryPlan = {}): this {
    const { clock, network, raft } = this.world
    const end = (this.#end = network.open(`${this.host}:8301`))
    this.etcd = new MemoryEtcd(raft, this.disk, this.id, this.host)
    let tokens = 0
    this.formation = openFormation({
      self: this.info,
      dataDir: '/data',
      files: this.files,
      expect: 3,
      process: this.etcd,
      startJoin: [],
      retryJoin: { addresses: [], interval: 100, maxAttempts: 0 },
      openStore: () => {
        const store = this.disk.data?.cluster.store
        if (store === undefined) throw new Error('no etcd is there')
        // What one server closes is its connection.
        return new Proxy(store, {
          get: (target, key) => {
            const value: unknown = key === 'close' ? () => Promise.resolve() : Reflect.get(target, key)
            return typeof value === 'function' ? (value as (this: unknown) => unknown).bind(target) : value
          },
        })
      },
      onJoinExhausted: error => {
        this.exhausted = error.message
      },
      rejoinAfterLeave: false,
      server: end.server,
      client: end.client,
      clock,
      log: this.log,
      configuration: memoryConfiguration(),
      holdTimeout: 3000,
      newToken: () => `${this.name}-${clock.monotonic()}-${++tokens}`,
      etcdAnswers: address => Promise.resolve(this.world.etcdAnswers(address)),
      ...this.plan,
      ...plan,
    })
    return this
  }

  /** Ends as an agent does that is told to. */
  async stop(): Promise<void> {
    await this.world.settle(this.formation.close())
    this.#end?.close()
  }

  /** Ends as by kill -9 of agent and etcd. */
  async kill(): Promise<void> {
    this.#end?.close()
    this.etcd.kill()
    await this.world.settle(this.formation.close())
  }
}

/** Servers whose time, network and etcd are in memory: minutes of their life take milliseconds. */
export class MemoryServers {
  readonly clock = new FakeClock()
  readonly network = new MemoryNetwork(this.clock)
  readonly raft = new MemoryRaft(this.clock, (one, other) => this.network.connects(one, other))
  readonly all: MemoryServer[] = []

  /** One that does not run yet. Ids are given in order, so that the first one made is the one to found. */
  make(plan: MemoryPlan = {}): MemoryServer {
    const number = this.all.length + 1
    const server = new MemoryServer(
      this,
      `s${number}`,
      `0000000${number}-0000-0000-0000-000000000000`,
      `10.0.0.${number}`,
      plan,
    )
    this.all.push(server)
    return server
  }

  /** So many that know each other and are a cluster. */
  async cluster(size: number, plan: MemoryPlan = {}): Promise<readonly MemoryServer[]> {
    const servers = Array.from({ length: size }, () => this.make({ expect: size, ...plan }))
    for (const server of servers) server.start()
    const [first] = servers
    if (first !== undefined) await this.settle(first.formation.join(servers.map(({ host }) => host)))
    await this.agree(servers)
    return servers
  }

  /** Until all see the same leader and each other as voters. */
  agree(servers: readonly MemoryServer[], ms = 60_000): Promise<void> {
    const expected = servers
      .map(({ host }) => `${host}:8300`)
      .sort()
      .join()
    return this.until(
      `${servers.map(({ name }) => name).join(', ')} are one cluster`,
      () =>
        servers.every(
          ({ formation }) =>
            formation.state.phase === 'member'
            && formation.leader.address !== ''
            && formation.leader.address === servers[0]?.formation.leader.address
            && [...formation.peers()].sort().join() === expected,
        ),
      ms,
    )
  }

  /** Lets time pass until something holds. @throws when it does not within `ms` of the clock */
  async until(what: string, holds: () => boolean, ms = 60_000): Promise<void> {
    const end = this.clock.monotonic() + ms
    await this.clock.advance(0)
    while (!holds()) {
      if (this.clock.monotonic() >= end)
        throw new Error(`not within ${ms} ms: ${what}; ${this.all.map(one => `${one.name} ${one.phase}`).join(', ')}`)
      await this.clock.advance(50)
    }
  }

  /** Lets time pass until a promise is settled, and settles as it does. */
  async settle<Value>(promise: Promise<Value>, ms = 60_000): Promise<Value> {
    let settled = false
    const over = (): void => {
      settled = true
    }
    promise.then(over, over)
    await this.until('a promise is settled', () => settled, ms)
    return promise
  }

  /** The server whose etcd leads. */
  leader(servers: readonly MemoryServer[]): MemoryServer {
    const leader = servers.find(({ formation }) => formation.leader.self)
    if (leader === undefined) throw new Error('nobody leads')
    return leader
  }

  /** Whether the etcd at `ip:port` runs. */
  etcdAnswers(address: string): boolean {
    return this.all.some(({ host, etcd }) => `${host}:8300` === address && etcd.state === 'running')
  }
}
