import { closeAfterJob, go, leave, run, searchAgain, serve, startAfresh, type Row } from './transition.js'

export const awaitingVote: Row<'awaiting-vote'> = {
  'entered': (_, event) => serve(event),
  'not-entered': state => go(state, run({ do: 'await-vote' })),
  'unusable': (_, { reason }) => startAfresh(reason, { atStart: false }),
  'failed': searchAgain,
  leave,
  'close': closeAfterJob,
}
