import { systemClock, type Clock } from '../../src/common/clock.js'

/**
 * The machine's clock, on which time passes so many times as fast: for tests of things that take their time, over real
 * sockets.
 */
export const hurriedClock = (times: number): Clock => ({
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic() * times,
  after: (delay, run) => systemClock.after(delay / times, run),
})
