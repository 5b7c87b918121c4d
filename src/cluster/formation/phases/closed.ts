import { answer, go, stopping, type Row } from './transition.js'

export const closed: Row<'closed'> = {
  leave: state => go(state, answer('leave', stopping())),
  close: state => go(state, answer('close')),
}
