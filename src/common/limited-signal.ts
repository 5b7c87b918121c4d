/** A signal that ends with another one or after a time; `release` ends the timer and the listening. */
export interface LimitedSignal {
  readonly signal: AbortSignal
  readonly release: () => void
}

/**
 * Aborted with `signal`, or after `ms`. Not AbortSignal.any over AbortSignal.timeout: in Node.js 20 such a timeout may
 * be collected as garbage while nobody listens, and then never comes.
 */
export function limitedSignal(signal: AbortSignal, ms: number): LimitedSignal {
  const controller = new AbortController()
  const abort = (): void => {
    controller.abort()
  }
  const timer = setTimeout(abort, ms)
  signal.addEventListener('abort', abort)
  if (signal.aborted) abort()
  return {
    signal: controller.signal,
    release: () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
    },
  }
}
