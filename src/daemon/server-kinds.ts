import fs from 'node:fs'
import fsp from 'node:fs/promises'
import path from 'node:path'
import { Catalog, isSaved } from '../catalog/index.js'
import {
  catalogConfiguration,
  openEtcdProcess,
  openFormation,
  Quorum,
  serverStanding,
  serverUnheard,
  type OpenedFormation,
  type ServerFacts,
  type StandingSource,
} from '../cluster/index.js'
import { milliseconds } from '../common/duration.js'
import { MusterError, errorMessage } from '../common/errors.js'
import {
  openEtcdStore,
  openLmdbStore,
  openMemoryStore,
  type EtcdConnection,
  type EtcdStoreEvent,
  type Snapshot,
  type Store,
} from '../store/index.js'
import { Repeats } from '../telemetry/index.js'
import { isKnownNode } from './data-dir.js'
import type { RoleParts } from './role.js'
import { selfServer } from './self.js'
import type { ServerKind } from './server-role.js'

/** Where a lone server keeps its catalog, below the data directory. */
const storeFolder = 'store'

/** A server on its own, whose store is already open. */
export async function ownKind(
  { clock, log, opened }: Pick<RoleParts, 'clock' | 'log' | 'opened'>,
  store: Store,
): Promise<ServerKind> {
  const catalog = await Catalog.open({ store, clock, onUnreadable: unreadable(log) })
  opened.add('catalog', () => {
    catalog.close()
  })
  return { store: 'own', catalog, standing: ownStanding(store), begin: () => Promise.resolve() }
}

/**
 * Opens the store of a server on its own. That it takes no writes, and takes them again, is logged; so is that it is
 * gone.
 */
export function openOwnStore(
  { dev, dataDir }: { readonly dev: boolean; readonly dataDir: string },
  log: RoleParts['log'],
): Promise<Store> {
  if (dev) return Promise.resolve(openMemoryStore())
  const directory = path.join(dataDir, storeFolder)
  if (isKnownNode(dataDir) && !fs.existsSync(directory)) {
    log.warn('the data directory is of a node that was here before and has no store: the catalog starts empty', {
      directory,
      remedy:
        'if there was one, stop the agent and put it back, or bring a snapshot back with "muster snapshot restore FILE"',
    })
  }
  return openLmdbStore({
    directory,
    dropped: keys => {
      log.warn('went on without the damaged records of the store, as drop-damaged says', {
        records: keys.length,
        keys: keys.slice(0, 20).join(', '),
      })
    },
    report: fault => {
      if (fault === undefined) log.info('the store takes writes again')
      else log.error(fault.message, fault.hint === undefined ? {} : { remedy: fault.hint })
    },
  })
}

/** A server on an etcd that someone else runs: other servers are found in it. */
export function externalKind(parts: RoleParts): ServerKind {
  const { settings } = parts
  const { endpoints, caFile, certFile, keyFile, user, password } = settings.etcd
  const tls = {
    ...(caFile !== '' && { ca: pem(caFile) }),
    ...(certFile !== '' && { cert: pem(certFile) }),
    ...(keyFile !== '' && { key: pem(keyFile) }),
  }
  const full = { is: false }
  const store = openStore(parts, full, {
    endpoints,
    ...(Object.keys(tls).length > 0 && { tls }),
    ...(user !== '' && { auth: { user, password } }),
  })
  const catalog = followStore(parts, Promise.resolve(store))
  const quorum = openQuorum(parts, catalog)
  const standing = standingFrom(() => ({
    // Whoever may be the leader is decided in the etcd: it answers, or nothing is known.
    state: undefined,
    led: true,
    silence: quorum.silence,
    loaded: catalog.loaded,
    full: full.is,
    now: parts.clock.now(),
    heard: [parts.nodeId],
  }))
  return { store: 'shared', catalog, standing, begin: () => Promise.resolve() }
}

/** A server among servers that run an etcd each. */
export function raftKind(parts: RoleParts): ServerKind {
  const { settings, nodeId, calls, clock, log, metrics, opened, giveUp } = parts
  const { cluster, etcd } = settings
  const self = selfServer(settings, nodeId, calls.server)
  const process = openEtcdProcess({
    program: etcd.program,
    directory: path.resolve(settings.dataDir, 'etcd'),
    name: nodeId,
    bindAddress: settings.bindAddr,
    advertiseAddress: settings.advertiseAddr,
    port: settings.ports.server,
    quotaBytes: etcd.quotaBytes,
    raftMultiplier: cluster.raftMultiplier,
    clock,
    log: log.child('etcd'),
    metrics,
  })
  const former = path.join(settings.dataDir, storeFolder)
  const full = { is: false }
  let store: ((opened: Store | Promise<Store>) => void) | undefined
  const catalog = followStore(
    parts,
    new Promise<Store>(resolve => {
      store = resolve
    }),
  )
  const formation: OpenedFormation = openFormation({
    self,
    dataDir: settings.dataDir,
    expect: settings.bootstrapExpect,
    process,
    openStore: connection => openStore(parts, full, connection),
    startJoin: cluster.startJoin,
    retryJoin: { addresses: cluster.retryJoin, interval: cluster.retryInterval, most: cluster.retryMax },
    onJoinExhausted: giveUp,
    rejoinAfterLeave: cluster.rejoinAfterLeave,
    server: calls.server,
    client: calls.client,
    clock,
    log: log.child('cluster'),
    configuration: catalogConfiguration(catalog, cluster.autopilot),
    holdTimeout: cluster.rpcHoldTimeout,
    memberStatus: id => statusOf(catalog, id),
    ...(fs.existsSync(former) && { importFrom: () => savedAlone(former), importDone: () => moveAside(former) }),
  })
  opened.add('place among the servers', () => formation.close())
  opened.add('store', async () => {
    if (formation.state.phase === 'member') await (await formation.store).close()
  })
  store?.(formation.store)
  const quorum = openQuorum(parts, catalog)
  const standing = standingFrom(() => ({
    state: formation.state,
    led: formation.leader.address !== '',
    silence: quorum.silence,
    loaded: catalog.loaded,
    full: full.is,
    now: clock.now(),
    heard: formation
      .servers()
      .map(({ id }) => id)
      .filter(id => formation.isReachable(id)),
  }))
  let heard = clock.monotonic()
  return {
    store: 'raft',
    catalog,
    formation,
    standing,
    begin: () => formation.started,
    lastContact: () => {
      const now = clock.monotonic()
      if (formation.leader.address !== '') heard = now
      return now - heard
    },
  }
}

/**
 * One that left has taken itself out of Raft: when it is there it is on its way back, and what it was before says
 * nothing.
 */
function statusOf(catalog: Catalog, id: string) {
  const state = catalog.members.get(id)?.state
  return state === 'left' ? undefined : state
}

function followStore({ settings, clock, log, opened }: RoleParts, store: Promise<Store>): Catalog {
  const failures = new Repeats(log, clock)
  const catalog = Catalog.follow({
    store,
    clock,
    onUnreadable: unreadable(log),
    holdTimeout: settings.cluster.rpcHoldTimeout,
    onLoadFailure: error => {
      failures.tell('warn', 'the catalog cannot be loaded yet', errorMessage(error), { error: errorMessage(error) })
    },
  })
  opened.add('catalog', () => {
    catalog.close()
  })
  return catalog
}

/** A store of this process takes writes while its files do. */
const ownStanding = (store: Store): StandingSource => ({
  unheard: () => undefined,
  standing: async () => {
    const refused = (reason: string) =>
      ({
        writable: false,
        serving: true,
        reason: `the store takes no writes: ${reason}`,
        hint: 'make room on its disk, or bring the data directory back; the log has the remedy',
        heard: [],
      }) as const
    try {
      const { writable, reason = '' } = await store.status()
      return writable ? { writable } : refused(reason)
    } catch (error) {
      return refused(errorMessage(error))
    }
  },
})

const standingFrom = (facts: () => ServerFacts): StandingSource => ({
  standing: () => Promise.resolve(serverStanding(facts())),
  unheard: () => serverUnheard(facts()),
})

function openQuorum({ clock, opened }: RoleParts, catalog: Catalog): Quorum {
  const quorum = new Quorum({ ask: () => catalog.barrier(), clock })
  quorum.start()
  opened.add('questions to the majority', () => {
    quorum.close()
  })
  return quorum
}

/** `full.is`: whether the etcd takes no writes for want of space, as last reported. */
function openStore(
  { settings, nodeId, clock, log, metrics }: RoleParts,
  full: { is: boolean },
  connection: EtcdConnection,
): Store {
  const storeLog = log.child('store')
  const gauge = metrics.gauge('store.full', '1 while etcd takes no writes because its space quota is used up')
  return openEtcdStore({
    connection,
    prefix: settings.etcd.prefix,
    instance: nodeId,
    clock,
    holdTimeout: milliseconds(settings.cluster.rpcHoldTimeout),
    report: event => {
      if (event.kind === 'full' || event.kind === 'writable') full.is = event.kind === 'full'
      tell(event, storeLog, gauge)
    },
  })
}

const levels: Readonly<Record<EtcdStoreEvent['kind'], 'info' | 'warn' | 'error'>> = {
  lost: 'warn',
  resumed: 'info',
  compacted: 'info',
  full: 'error',
  writable: 'info',
  limit: 'info',
}

function tell(
  { kind, message, hint }: EtcdStoreEvent,
  log: RoleParts['log'],
  full: { set(value: number): void },
): void {
  if (kind === 'full' || kind === 'writable') full.set(kind === 'full' ? 1 : 0)
  log[levels[kind]](message, hint === undefined ? {} : { remedy: hint })
}

const unreadable =
  (log: RoleParts['log']) =>
  (key: string, error: MusterError): void => {
    log.error('an entry of the store cannot be read and counts as absent', { key, error: error.message })
  }

/**
 * What a lone server kept, for the cluster that it founds; what was true of it alone is left out. Undefined when there
 * is nothing.
 */
async function savedAlone(directory: string): Promise<Snapshot | undefined> {
  const store = await openLmdbStore({ directory })
  try {
    const { revision, entries } = await store.load()
    const kept = entries.filter(({ key }) => isSaved(key))
    return kept.length === 0 ? undefined : { revision, entries: kept }
  } finally {
    await store.close()
  }
}

async function moveAside(directory: string): Promise<void> {
  if (!fs.existsSync(directory)) return
  await fsp.rm(`${directory}.imported`, { recursive: true, force: true })
  await fsp.rename(directory, `${directory}.imported`)
}

function pem(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (cause) {
    throw new MusterError('ETCD_TLS', `cannot read ${file} for the connection to etcd: ${errorMessage(cause)}`, {
      cause,
      hint: 'store.etcd.ca_file, cert_file and key_file name PEM files that the agent may read',
    })
  }
}
