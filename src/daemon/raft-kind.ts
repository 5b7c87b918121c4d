import fs from 'node:fs'
import path from 'node:path'
import { deferred } from '../common/deferred.js'
import type { Catalog } from '../catalog/index.js'
import { catalogConfiguration, openFormation, type OpenedFormation, type StandingSource } from '../cluster/index.js'
import { openEtcdProcess, type EtcdProcess } from '../etcd/index.js'
import type { Store } from '../store/index.js'
import { followStore, openQuorum, standingFrom } from './follow-store.js'
import { moveAside, savedAlone } from './import-alone.js'
import { storeFolder } from './own-kind.js'
import type { RoleParts } from './role.js'
import { selfServer } from './self.js'
import type { ServerKind } from './server-role.js'
import { openSharedStore } from './shared-store.js'

/** A server among servers that run an etcd each. */
export function raftKind(parts: RoleParts): ServerKind {
  const { clock, opened } = parts
  const full = { is: false }
  const store = deferred<Store>()
  const process = openProcess(parts)
  const catalog = followStore(parts, store.promise)
  const formation = openPlace(parts, process, catalog, full)
  opened.add('place among the servers', () => formation.close())
  opened.add('store', async () => {
    if (formation.state.phase === 'member') await (await formation.store).close()
  })
  store.resolve(formation.store)
  let heard = clock.monotonic()
  return {
    store: 'raft',
    catalog,
    formation,
    standing: standingOf(parts, formation, catalog, full),
    begin: () => formation.started,
    lastContact: () => {
      const now = clock.monotonic()
      if (formation.leader.address !== '') heard = now
      return now - heard
    },
  }
}

function openProcess({ settings, nodeId, clock, log, metrics }: RoleParts): EtcdProcess {
  const { cluster, etcd } = settings
  return openEtcdProcess({
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
}

/** `full.is`: whether the etcd takes no writes for want of space, as last reported. */
function openPlace(parts: RoleParts, process: EtcdProcess, catalog: Catalog, full: { is: boolean }): OpenedFormation {
  const { settings, nodeId, calls, clock, log, giveUp } = parts
  const { cluster } = settings
  const former = path.join(settings.dataDir, storeFolder)
  return openFormation({
    self: selfServer(settings, nodeId, calls.server),
    dataDir: settings.dataDir,
    expect: settings.bootstrapExpect,
    process,
    openStore: connection => openSharedStore(parts, full, connection),
    startJoin: cluster.startJoin,
    retryJoin: { addresses: cluster.retryJoin, interval: cluster.retryInterval, maxAttempts: cluster.retryMax },
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
}

function standingOf(
  parts: RoleParts,
  formation: OpenedFormation,
  catalog: Catalog,
  full: { readonly is: boolean },
): StandingSource {
  const quorum = openQuorum(parts, catalog)
  return standingFrom(() => ({
    state: formation.state,
    led: formation.leader.address !== '',
    silence: quorum.silence,
    loaded: catalog.loaded,
    full: full.is,
    now: parts.clock.now(),
    heard: formation
      .servers()
      .map(({ id }) => id)
      .filter(id => formation.isReachable(id)),
  }))
}

/**
 * One that left has taken itself out of Raft: when it is there it is on its way back, and what it was before says
 * nothing.
 */
function statusOf(catalog: Catalog, id: string) {
  const state = catalog.members.get(id)?.state
  return state === 'left' ? undefined : state
}
