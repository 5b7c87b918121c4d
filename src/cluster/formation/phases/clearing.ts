import type { Step } from '../action.js'
import { answer, closeAfterJob, go, halt, leave, search, searchAgain, type Row } from './transition.js'

export const clearing: Row<'clearing'> = {
  cleared: ({ atStart, recovered }) => {
    const followed: readonly Step[] = recovered ? [{ do: 'delete-recovery-file' }] : []
    return go({ phase: 'searching' }, ...followed, ...(atStart ? [answer('start')] : []), search)
  },
  failed: (state, event) => (state.atStart ? halt(state, event) : searchAgain(state, event)),
  leave,
  close: closeAfterJob,
}
