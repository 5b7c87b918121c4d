import { answer, closeAfterJob, go, halt, leave, run, serve, startAfresh, type Row } from './transition.js'

export const resuming: Row<'resuming'> = {
  resumed: ({ cluster }, { at }) =>
    cluster === undefined
      ? go({ phase: 'awaiting-vote' }, answer('start'), run({ do: 'await-vote' }))
      : serve({ cluster, at }, answer('start')),
  unusable: (_, { reason }) => startAfresh(reason, { atStart: true }),
  failed: halt,
  leave,
  close: closeAfterJob,
}
