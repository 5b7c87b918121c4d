import { closeAfterJob, every, go, leave, pause, searchAgain, serve, type Row } from './transition.js'

export const entering: Row<'entering'> = {
  'entered': (_, event) => serve(event),
  'not-entered': () => go({ phase: 'searching' }, pause(every.search)),
  'failed': searchAgain,
  leave,
  'close': closeAfterJob,
}
