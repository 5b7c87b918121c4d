import type { Test } from 'tap'
import { Catalog } from '../../../src/catalog/index.js'
import {
  ClusterMembership,
  clientTags,
  type AgentInfo,
  type MembershipOptions,
  type ServerInfo,
} from '../../../src/cluster/index.js'
import { hours, milliseconds, seconds } from '../../../src/common/duration.js'
import { openMemoryStore, type Store } from '../../../src/store/index.js'
import { FakeClock } from '../../support/fake-clock.js'
import { RecordingLog } from '../../support/recording-log.js'

/** A node id that is told from others by its first digits. */
export const uuid = (digit: string): string => `${digit.padStart(8, '0')}-0000-4000-8000-000000000000`

/** A client agent. */
export const agentInfo = (name: string, digit: string, given: Partial<AgentInfo> = {}): AgentInfo => ({
  id: uuid(digit),
  name,
  datacenter: 'dc1',
  address: '127.0.0.9',
  wanAddress: '127.0.0.9',
  ports: { raft: 0, lan: 8301, wan: 0 },
  build: '1.0.0',
  server: false,
  ...given,
})

/** A server. */
export const serverInfo = (name: string, digit: string, given: Partial<AgentInfo> = {}): ServerInfo => ({
  ...agentInfo(name, digit, {
    address: '127.0.0.1',
    wanAddress: '127.0.0.1',
    ports: { raft: 8300, lan: 8301, wan: 8302 },
    ...given,
  }),
  server: true,
})

/** What a client agent's heartbeat says. */
export const heartbeatOf = (info: AgentInfo) => ({ info, tags: clientTags(info) })

/** Takes calls without a network: what is registered can be called. */
export function callTwin() {
  const handlers = new Map<string, (body: unknown) => Promise<unknown>>()
  const caller = { address: '127.0.0.9', aborted: new AbortController().signal }
  return {
    call: async (method: string, body: unknown): Promise<unknown> => {
      const handler = handlers.get(method)
      if (handler === undefined) throw new Error(`no method ${method}`)
      return handler(body)
    },
    server: {
      handle: (method: string, handler: (body: unknown, from: typeof caller) => Promise<unknown>) => {
        handlers.set(method, body => handler(body, caller))
      },
      handleStream: () => undefined,
      update: () => undefined,
      serveApi: () => undefined,
      start: () => Promise.resolve(),
      ports: { lan: 0, wan: 0 },
      close: () => Promise.resolve(),
    },
  }
}

/** Calls between servers of one test, by their cluster addresses; those in `cut` cannot be reached. */
export function callNetwork() {
  const places = new Map<string, ReturnType<typeof callTwin>>()
  const cut = new Set<string>()
  const client = {
    call: (address: string, method: string, body: unknown): Promise<unknown> => {
      const place = places.get(address)
      if (place === undefined || cut.has(address)) return Promise.reject(new Error(`cannot reach ${address}`))
      return place.call(method, body)
    },
    proxy: () => Promise.resolve(false),
    stream: () => Promise.reject(new Error('no streams')),
    ask: () => Promise.reject(new Error('no answers')),
    close: () => undefined,
  }
  return { places, cut, client }
}

/** One server's membership on a store, its own or one that others share. */
export async function startServer(
  t: Test,
  self: ServerInfo,
  given: Partial<MembershipOptions> & {
    readonly memory?: Store
    readonly fake?: FakeClock
    readonly network?: ReturnType<typeof callNetwork>
  } = {},
) {
  const clock = given.fake ?? new FakeClock()
  const memory = given.memory ?? openMemoryStore({ clock })
  const catalog = given.catalog ?? (await Catalog.open({ store: memory, clock }))
  const calls = callTwin()
  const network = given.network ?? callNetwork()
  network.places.set(`${self.address}:${self.ports.lan}`, calls)
  const log = new RecordingLog()
  const membership = new ClusterMembership({
    self: () => self,
    expect: 1,
    store: 'own',
    catalog,
    calls: { server: calls.server, client: network.client },
    reconnectTimeout: hours(72),
    holdTimeout: milliseconds(7000),
    autopilot: {
      cleanupDeadServers: true,
      lastContactThreshold: milliseconds(200),
      maxTrailingLogs: 250,
      minQuorum: 0,
      serverStabilizationTime: seconds(10),
      redundancyZoneTag: '',
      disableUpgradeMigration: false,
      upgradeVersionTag: '',
    },
    encrypted: false,
    clock,
    random: () => 0.5,
    log,
    ...given,
  })
  const running = { is: true }
  const stop = async (): Promise<void> => {
    if (!running.is) return
    running.is = false
    const closing = membership.close()
    await clock.advance(0)
    await closing
    catalog.close()
  }
  t.teardown(async () => {
    await stop()
    if (given.memory === undefined) await memory.close()
  })
  await membership.start()
  return { membership, catalog, store: memory, clock, calls, network, log, stop }
}

/** `name status` of all members. */
export const standing = (membership: {
  members(): readonly { readonly name: string; readonly status: string }[]
}): readonly string[] => membership.members().map(({ name, status }) => `${name} ${status}`)

/** Lets time pass, and then what that set going come to its end. */
export async function pass(clock: FakeClock, ms: number): Promise<void> {
  await clock.advance(ms)
  for (let turn = 0; turn < 100; turn++) await clock.advance(1)
}
