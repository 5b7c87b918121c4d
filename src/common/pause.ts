import type { Clock } from './clock.js'
import type { EndSignal } from './end-signal.js'

/** Lets time pass; ends early, without an error, when `signal` is aborted. */
export function pause(clock: Clock, ms: number, signal?: EndSignal): Promise<void> {
  return new Promise(resolve => {
    const end = (): void => {
      timer.cancel()
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = clock.after(ms, end)
    signal?.addEventListener('abort', end)
    if (signal?.aborted === true) end()
  })
}
