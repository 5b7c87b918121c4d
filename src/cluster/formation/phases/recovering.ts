import { answer, closeAfterJob, go, halt, leave, serve, startAfresh, type Row } from './transition.js'

export const recovering: Row<'recovering'> = {
  'position-known': (state, { position }) => go({ ...state, position }),
  'recovered': (_, event) => serve(event, { do: 'delete-recovery-file' }, answer('start')),
  'superseded': () => startAfresh('raft/peers.json was followed by another server', { atStart: true, recovered: true }),
  'failed': halt,
  leave,
  'close': closeAfterJob,
}
