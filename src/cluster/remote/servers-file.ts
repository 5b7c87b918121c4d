import path from 'node:path'
import type { Clock, Timer } from '../../common/clock.js'
import { replaceFile } from '../../common/durable-files.js'
import { errorMessage } from '../../common/errors.js'
import { readSmallFile } from '../../common/small-files.js'
import type { Logger } from '../../telemetry/index.js'
import { readServer } from '../server-messages.js'
import type { ServerInfo } from '../types.js'

/** The servers that a client agent knew last, in its data directory, so that it finds them again after a restart. */
export interface ServersFile {
  /** None when there is no file, or none that can be read, which is logged. */
  read(): Promise<readonly ServerInfo[]>
  /** Soon afterwards the file holds these; what cannot be written is logged and tried again. */
  write(servers: readonly ServerInfo[]): void
  /** Resolves when all is written. */
  close(): Promise<void>
}

/** Milliseconds after which what could not be written is tried again. */
const retryAfter = 10_000

/** The file `known-servers.json` in `directory`. */
export function serversFile(directory: string, clock: Clock, log: Logger): ServersFile {
  const file = path.join(directory, 'known-servers.json')
  let writing: Promise<void> = Promise.resolve()
  let next: readonly ServerInfo[] | undefined
  let isFailing = false
  let retry: Timer | undefined
  const writeNext = async (): Promise<void> => {
    const servers = next
    next = undefined
    if (servers === undefined) return
    try {
      await replaceFile(file, `${JSON.stringify(servers, null, 2)}\n`)
      isFailing = false
    } catch (error) {
      if (!isFailing)
        log.warn('the known servers could not be remembered, trying again until they are', {
          file,
          error: errorMessage(error),
        })
      isFailing = true
      // Write the list that came in the meantime.
      if (next === undefined)
        retry = clock.after(retryAfter, () => {
          write(servers)
        })
    }
  }
  const write = (servers: readonly ServerInfo[]): void => {
    retry?.cancel()
    const waiting = next !== undefined
    next = servers
    if (!waiting) writing = writing.then(writeNext)
  }
  return {
    read: () => Promise.resolve(readServers(file, log)),
    write,
    close: async () => {
      await writing
      retry?.cancel()
    },
  }
}

function readServers(file: string, log: Logger): readonly ServerInfo[] {
  try {
    const list: unknown = JSON.parse(readSmallFile(file) ?? '[]')
    return Array.isArray(list) ? list.map(readServer) : []
  } catch (error) {
    log.warn('the remembered servers cannot be read', { file, error: errorMessage(error) })
    return []
  }
}
