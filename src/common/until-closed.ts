/** Starts work that goes on until it is closed: `run` is told by the signal. It must not reject: nobody would hear. */
export function untilClosed(run: (closed: AbortSignal) => Promise<void>): { close(): void } {
  const closed = new AbortController()
  void run(closed.signal)
  return {
    close: () => {
      closed.abort()
    },
  }
}
