/** Something that only so many may hold at a time, kept in the KV store in the form that Consul's own tools use. */
export interface Lock {
  /** The key that says who holds it. */
  readonly key: string
  /**
   * Waits until it is held; false when `signal` was aborted before. @throws MusterError LOCK_FOREIGN when the key is
   * used for something else.
   */
  acquire(signal: AbortSignal): Promise<boolean>
  /** Whether it is held still; with the index of the last answer it waits for a change first. */
  isHeld(index: string, signal: AbortSignal): Promise<{ readonly held: boolean; readonly index: string }>
  release(): Promise<void>
  /** Removes the key when nobody holds it; false when someone does. */
  cleanup(): Promise<boolean>
}

/** How long one question waits for a change. */
export const questionWait = '15s'

/**
 * How long anything may take to be answered, in ms, the wait for a change aside: above the 7 s that servers without a
 * leader take to say so. An agent that hangs would otherwise keep a holder from ever learning that its session is over.
 */
export const answerTime = 10_000

/** Aborted when an answer is overdue. */
export const overdue = (): AbortSignal => AbortSignal.timeout(answerTime)

/**
 * Pause before the next attempt at a lock that is free and yet refused: its last holder was lost, and it is kept from
 * all for a while.
 */
export const delayedRetry = 1000
