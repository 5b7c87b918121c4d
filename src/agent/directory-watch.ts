import { FSWatcher, type Throttler } from 'chokidar'
import { deferred } from '../common/deferred.js'

/**
 * chokidar lists a directory, with a stat of each entry, before it says what an event was about: with 5,000 files some
 * 100 ms of work an event. The names of the native events are all that is needed here, and listing counts as throttled.
 */
class NamesOnlyWatcher extends FSWatcher {
  override _throttle(action: Parameters<FSWatcher['_throttle']>[0], path: string, timeout: number): Throttler | false {
    return action === 'readdir' ? false : super._throttle(action, path, timeout)
  }
}

/** A native watch on one directory; it ends when that very directory is deleted or moved away. */
export interface DirectoryWatch {
  /** Resolves when the watch is in place, or closed. */
  readonly ready: Promise<void>
  close(): Promise<void>
}

/**
 * Calls `on` with the name of each entry that is added, changed, moved or removed in a directory (not below it),
 * undefined when the system did not give one. `failed` is called when the system cannot watch it, e.g. since it allows
 * no more watches.
 */
export function watchDirectory(
  directory: string,
  on: (name: string | undefined) => void,
  failed: (error: unknown) => void,
): DirectoryWatch {
  const watcher = new NamesOnlyWatcher({ ignoreInitial: true, atomic: false })
  watcher.on('raw', (_event: unknown, name: unknown, details: unknown) => {
    if (isOf(details, directory)) on(typeof name === 'string' ? name : undefined)
  })
  watcher.on('error', failed)
  const ready = deferred()
  watcher.once('ready', () => {
    ready.resolve()
  })
  watcher.add(directory)
  return {
    ready: ready.promise,
    close: () => {
      // A watcher that is closed early never becomes ready, so wait for that first.
      ready.resolve()
      return watcher.close()
    },
  }
}

const isOf = (details: unknown, directory: string): boolean =>
  typeof details === 'object' && details !== null && 'watchedPath' in details && details.watchedPath === directory
