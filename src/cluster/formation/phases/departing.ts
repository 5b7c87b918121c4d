import { membership } from './serving.js'
import { answer, closeAfterJob, every, go, leave, pause, type Row } from './transition.js'

export const departing: Row<'departing'> = {
  ...membership,
  // That it is no member any more is what it has asked for; what it means is seen once the answer is there.
  unusable: state => go(state, pause(every.failure)),
  departed: leave,
  failed: (state, event) =>
    event.job === 'depart'
      ? go({ ...state, phase: 'serving' }, answer('leave', event.error))
      : membership.failed(state, event),
  close: closeAfterJob,
}
