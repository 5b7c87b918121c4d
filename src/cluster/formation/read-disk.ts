import type { Disk } from './event.js'
import type { MemberLife } from './member-life.js'
import { survivors } from './recover-cluster.js'

/** What a server finds when it starts. Rejects CLUSTER_RECOVERY_FILE when `raft/peers.json` cannot be followed. */
export async function readDisk(life: Pick<MemberLife, 'files' | 'self' | 'process' | 'record'>): Promise<Disk> {
  const { process, record } = life
  // Let the caller register its handlers first.
  await Promise.resolve()
  const listed = await survivors(life)
  const { cluster, founding, peerUrl } = record.facts
  return {
    hasData: process.hasData,
    listed,
    cluster,
    decided: founding.decided === true,
    moved: peerUrl !== undefined && peerUrl !== process.peerUrl,
  }
}
