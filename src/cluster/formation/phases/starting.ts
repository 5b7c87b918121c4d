import type { Step } from '../action.js'
import { answer, closeAfterJob, go, halt, leave, run, search, type Row } from './transition.js'

/** By what is on the disk: a member resumes, one that decided to found does so, all others look for a cluster. */
export const starting: Row<'starting'> = {
  'disk-read': (_, { disk: { hasData, listed, cluster, decided, moved } }) => {
    if (!hasData) {
      const useless: readonly Step[] =
        listed === undefined
          ? []
          : [
              {
                do: 'log',
                level: 'warn',
                message: 'raft/peers.json is of no use without data and is deleted',
              },
              { do: 'delete-recovery-file' },
            ]
      // Without its data the place in Raft is useless, but the cluster may live on: search for it.
      const lost: readonly Step[] =
        cluster === undefined ? [] : [{ do: 'record', change: { cluster: undefined, removed: true, founding: {} } }]
      return go({ phase: 'searching' }, ...useless, ...lost, answer('start'), search)
    }
    if (listed !== undefined) return go({ phase: 'recovering', position: undefined }, run({ do: 'recover', listed }))
    if (decided && cluster === undefined) return go({ phase: 'searching' }, answer('start'), search)
    if (moved) return go({ phase: 'moving', cluster }, run({ do: 'announce-address' }))
    return go({ phase: 'resuming', cluster }, { do: 'tell-addresses' }, run({ do: 'resume' }))
  },
  'failed': halt,
  leave,
  'close': closeAfterJob,
}
