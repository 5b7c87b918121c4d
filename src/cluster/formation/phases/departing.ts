import { membership } from './serving.js'
import { answer, closeAfterJob, every, go, leave, pause, type Row } from './transition.js'

export const departing: Row<'departing'> = {
  ...membership,
  // Losing membership is expected here. Wait for the answer before acting on it.
  unusable: state => go(state, pause(every.failure)),
  departed: leave,
  failed: (state, event) =>
    event.job === 'depart'
      ? go({ ...state, phase: 'serving' }, answer('leave', event.error))
      : membership.failed(state, event),
  close: closeAfterJob,
}
