/** Lets everybody else have their turn: resolves once the event loop has gone round. */
export const nextTurn = (): Promise<void> =>
  new Promise(resolve => {
    setImmediate(resolve)
  })
