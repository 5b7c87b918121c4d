import { EtcdFormation, type OpenedFormation } from './etcd-formation.js'
import type { FormationOptions } from './options.js'

/**
 * A server among the servers of its datacenter: they find each other, found a cluster, let others enter, recover. Its
 * methods are registered at once, its work begins after this turn; `started` rejects when the agent must not go on (no
 * etcd, an unreadable `raft/peers.json`, `startJoin` without an answer). Closing it stops etcd; close what uses the
 * store first.
 * @throws MusterError CLUSTER_RECORD when `<data-dir>/servers.json` cannot be read
 */
export const openFormation = (options: FormationOptions): OpenedFormation => new EtcdFormation(options)
