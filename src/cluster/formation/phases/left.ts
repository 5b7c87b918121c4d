import { answer, closeNow, go, type Row } from './transition.js'

export const left: Row<'left'> = {
  leave: state => go(state, answer('leave')),
  close: closeNow,
}
