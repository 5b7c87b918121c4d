import { beginLeaving } from './leaving.js'
import { closeNow, go, type Row } from './transition.js'

export const halted: Row<'halted'> = {
  leave: () => {
    const { state, actions } = beginLeaving('entering')
    return go(state, { do: 'abort' }, ...actions)
  },
  close: closeNow,
}
