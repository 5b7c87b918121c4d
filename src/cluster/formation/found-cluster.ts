import { MusterError, errorMessage } from '../../common/errors.js'
import { importSnapshot } from './import-catalog.js'
import { startOver, watchUntil, type MemberLife } from './member-life.js'

/**
 * Founds a cluster of this server alone, which the others enter. Until the record says that it is founded nobody enters
 * and nobody reads, so what a crash left half-done is thrown away and begun again. Resolves with the cluster's id.
 */
export async function foundCluster(life: MemberLife): Promise<string> {
  const { process, member, record, log, importFrom, importDone } = life
  if (process.hasData) {
    // An etcd of a killed agent may still run. Take it over first, since only then can it be stopped.
    await process.start({ how: 'again' }).catch((error: unknown) => {
      log.debug('what was begun does not even start', { reason: errorMessage(error) })
    })
    await startOver(life)
  }
  await process.start({ how: 'found' })
  member.start()
  if (!(await watchUntil(life, () => member.leader.self)))
    throw new MusterError('CLUSTER_CLOSED', 'the server is stopping')
  const cluster = member.status?.cluster ?? ''
  const snapshot = await importFrom?.()
  if (snapshot !== undefined) {
    const store = await life.openStore()
    try {
      log.info('the catalog that this server kept alone goes into the cluster', {
        entries: await importSnapshot(snapshot, store),
      })
    } finally {
      await store.close()
    }
  }
  record.set({ cluster, peerUrl: process.peerUrl, entering: undefined, removed: undefined })
  log.info('founded the cluster', { cluster })
  await importDone?.()
  return cluster
}
