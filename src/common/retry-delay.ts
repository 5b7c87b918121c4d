/** The first delay and the longest, in milliseconds. */
export interface RetryDelays {
  readonly min: number
  readonly max: number
}

/** How long to wait before something is tried again that has failed `failures` times: twice as long each time. */
export const retryDelay = ({ min, max }: RetryDelays, failures: number): number =>
  Math.min(max, min * 2 ** Math.max(0, failures - 1))
