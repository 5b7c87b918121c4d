import type { Caller } from './caller.js'
import { methods } from './methods.js'

/** A group that is under way longer than this is looked after. */
const suspectAfterMs = 400
const interval = 100

/**
 * Notices that a call waits for a leader that is no longer there: what a follower has passed on to a leader that died
 * is lost, and etcd answers only after 7 seconds. `on` is called once, when there is another leader in a later term.
 * Returns what ends the watch over it.
 */
export function suspect(caller: Caller, sentIn: number, on: () => void): () => void {
  let over = false
  let known = sentIn
  const look = async (): Promise<void> => {
    try {
      const { leader, raftTerm } = await caller.channel.call(methods.status, {}, { timeout: 2 * interval })
      const term = Number(raftTerm)
      if (known === 0) known = term
      if (!over && term > known && leader !== '0') {
        over = true
        on()
      }
    } catch {
      // Ignore a server that does not answer: the call fails anyway when its connection ends.
    }
    if (!over)
      timer = caller.clock.after(interval, () => {
        void look()
      })
  }
  let timer = caller.clock.after(suspectAfterMs, () => {
    void look()
  })
  return () => {
    over = true
    timer.cancel()
  }
}
