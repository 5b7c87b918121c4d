/** What the signals of the process ask for. */
export interface SignalActions {
  /** SIGHUP */
  reload(): void
  /** SIGINT or SIGTERM, the first time. */
  stop(signal: 'SIGINT' | 'SIGTERM'): void
  /** A second SIGINT or SIGTERM while stopping: give up waiting. */
  abort(): void
}

/** Listens to the signals of the process until `close`. */
export function listenToSignals(actions: SignalActions): { close(): void } {
  let stopping = false
  const onStop = (signal: NodeJS.Signals): void => {
    if (stopping) {
      actions.abort()
      return
    }
    stopping = true
    actions.stop(signal === 'SIGINT' ? 'SIGINT' : 'SIGTERM')
  }
  const onReload = (): void => {
    actions.reload()
  }
  const ignore = (): void => undefined
  process.on('SIGINT', onStop)
  process.on('SIGTERM', onStop)
  process.on('SIGHUP', onReload)
  process.on('SIGPIPE', ignore)
  // Without a listener Node would open its debugger port for all users of the machine.
  process.on('SIGUSR1', ignore)
  return {
    close: () => {
      process.off('SIGINT', onStop)
      process.off('SIGTERM', onStop)
      process.off('SIGHUP', onReload)
      process.off('SIGPIPE', ignore)
      process.off('SIGUSR1', ignore)
    },
  }
}
