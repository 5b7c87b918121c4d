import fs from 'node:fs'
import path from 'node:path'
import type { Test } from 'tap'
import { Agent, catalogTarget, noPersistence, openPersistence, resolveNodeId } from '../../src/agent/index.js'
import { Catalog } from '../../src/catalog/index.js'
import { createCheckRunner, type RunnerDependencies } from '../../src/checks/index.js'
import { ClusterMembership } from '../../src/cluster/index.js'
import { systemClock } from '../../src/common/clock.js'
import { parseFlags } from '../../src/common/flags.js'
import { version } from '../../src/common/version.js'
import { ConfigSource, agentFlags, configPaths } from '../../src/config/index.js'
import { openMemoryStore } from '../../src/store/index.js'
import { RecordingLog } from '../support/recording-log.js'
import { RecordingMetrics } from '../support/recording-metrics.js'
import { temporaryDirectory } from '../support/temporary-directory.js'

/** A directory with a `conf` folder and a data-dir, in which agents are started one after the other. */
export interface Place {
  readonly conf: string
  readonly dataDir: string
  /** Writes a configuration file by rename; objects as JSON. Undefined removes it. */
  write(name: string, content: unknown): void
}

/** A place with these files in `conf`. */
export function place(t: Test, files: Readonly<Record<string, unknown>> = {}): Place {
  const directory = temporaryDirectory(t)
  const conf = path.join(directory, 'conf')
  fs.mkdirSync(conf)
  const write = (name: string, content: unknown): void => {
    const file = path.join(conf, name)
    if (content === undefined) {
      fs.rmSync(file)
      return
    }
    fs.writeFileSync(`${file}.tmp`, typeof content === 'string' ? content : JSON.stringify(content))
    fs.renameSync(`${file}.tmp`, file)
  }
  for (const [name, content] of Object.entries(files)) write(name, content)
  return { conf, dataDir: path.join(directory, 'data'), write }
}

/** An agent on a server of its own, made of the real parts but for the disk of its catalog. */
export async function startNode(
  t: Test,
  { conf, dataDir }: Place,
  options: { dev?: boolean; watch?: boolean; catalog?: Catalog; onRunner?: (deps: RunnerDependencies) => void } = {},
) {
  const log = new RecordingLog()
  const metrics = new RecordingMetrics()
  const store = openMemoryStore()
  const catalog = options.catalog ?? (await Catalog.open({ store, clock: systemClock }))
  const flags = parseFlags(agentFlags, [
    '-config-dir',
    conf,
    '-data-dir',
    dataDir,
    '-node=n1',
    '-bind=127.0.0.1',
    '-server',
    '-bootstrap-expect=1',
    ...(options.dev === true ? ['-dev'] : []),
    ...(options.watch === true ? [] : ['-hcl', 'auto_reload_config = false']),
  ])
  const persistence = options.dev === true ? noPersistence() : openPersistence(dataDir, systemClock, log)
  const knownServices = persistence.restore().services.map(service => service.id)
  const known: { agent?: Agent } = {}
  const source = new ConfigSource({
    paths: configPaths(flags),
    flags,
    hostname: 'host',
    lastGood: persistence.lastGood,
    knownServices: () => known.agent?.services().keys() ?? knownServices,
  })
  const at = Date.now()
  const load = source.load()
  const { settings } = load
  if (settings === undefined || !load.mayStart) throw new Error(`may not start: ${JSON.stringify(load.diagnostics)}`)
  const nodeId = resolveNodeId({ nodeId: '', dataDir: options.dev === true ? '' : dataDir })
  const self = {
    id: nodeId,
    name: 'n1',
    datacenter: 'dc1',
    address: '127.0.0.1',
    wanAddress: '127.0.0.1',
    ports: { raft: 8300, lan: 8301, wan: 8302 },
    build: version,
    server: true as const,
  }
  const membership = new ClusterMembership({
    self: () => self,
    expect: 1,
    store: 'own',
    catalog,
    reconnectTimeout: settings.cluster.reconnectTimeout,
    holdTimeout: settings.cluster.rpcHoldTimeout,
    autopilot: settings.cluster.autopilot,
    encrypted: false,
    clock: systemClock,
    random: () => 0.5,
    log,
  })
  await membership.start()
  const stopped = { asked: false }
  const agent = (known.agent = new Agent({
    settings,
    nodeId,
    initial: { load, at, took: Date.now() - at },
    source,
    configPaths: configPaths(flags),
    readsAnyName: false,
    catalog,
    target: catalogTarget(catalog),
    membership,
    persistence,
    createRunner: deps => {
      options.onRunner?.(deps)
      return createCheckRunner(deps)
    },
    clock: systemClock,
    random: () => 0.5,
    log,
    metrics,
    stop: () => {
      stopped.asked = true
    },
  }))
  const close = async (): Promise<void> => {
    await agent.close()
    await membership.close()
  }
  const running = { is: true }
  t.teardown(async () => {
    if (running.is) await close()
    catalog.close()
    await store.close()
  })
  await agent.start()
  /** Stops the agent; the catalog stays, as that of other servers would. */
  const stop = async (): Promise<void> => {
    running.is = false
    await close()
  }
  return { agent, catalog, membership, log, metrics, stopped, stop }
}
