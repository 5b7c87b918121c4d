import type { EndSignal } from './end-signal.js'

/** How an attempt ended that did not end by itself. */
export type CutShort = 'timeout' | 'aborted'

/**
 * Lets `begin` start something and waits until it calls `done`, `timeout` milliseconds pass or `signal` is aborted,
 * whichever is first; later calls of `done` are ignored. `begin` returns what releases its sockets and listeners,
 * called exactly once, however it ended.
 */
export function withDeadline<T>(
  signal: EndSignal,
  timeout: number,
  begin: (done: (value: T) => void) => () => void,
): Promise<T | CutShort> {
  return new Promise(resolve => {
    let release: (() => void) | undefined
    let ended = false
    const end = (value: T | CutShort): void => {
      if (ended) return
      ended = true
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      release?.()
      resolve(value)
    }
    const onAbort = (): void => {
      end('aborted')
    }
    const timer = setTimeout(() => {
      end('timeout')
    }, timeout)
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) {
      end('aborted')
      return
    }
    const begun = begin(end)
    // `begin` may call `done` before it returns.
    if (ended) begun()
    else release = begun
  })
}
