import { closeAfterJob, every, go, leave, pause, run, search, searchAgain, type Row } from './transition.js'

export const searching: Row<'searching'> = {
  'nothing-found': state => go(state, pause(every.search)),
  'paused': state => go(state, search),
  'may-found': () => go({ phase: 'founding' }, run({ do: 'found' })),
  'cluster-found': (_, { through, token }) => go({ phase: 'entering', token }, run({ do: 'enter', through, token })),
  'failed': searchAgain,
  leave,
  'close': closeAfterJob,
}
