import { milliseconds } from '../common/duration.js'
import { openEtcdStore, type EtcdConnection, type EtcdStoreEvent, type Store } from '../store/index.js'
import type { RoleParts } from './role.js'

/** The store on an etcd. `full.is`: whether the etcd takes no writes for want of space, as last reported. */
export function openSharedStore(
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
