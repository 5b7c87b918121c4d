import fs from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { errorMessage } from '../../common/errors.js'
import { readSmallFile } from '../../common/small-files.js'
import type { Logger } from '../../telemetry/index.js'
import { readServer } from '../servers/messages.js'
import type { ServerInfo } from '../types.js'

/** The servers that a client agent knew last, in its data directory, so that it finds them again after a restart. */
export interface ServersFile {
  /** None when there is no file, or none that can be read, which is logged. */
  read(): Promise<readonly ServerInfo[]>
  /** Soon afterwards the file holds these; failures are logged. */
  write(servers: readonly ServerInfo[]): void
  /** Resolves when all is written. */
  close(): Promise<void>
}

/** The file `known-servers.json` in `directory`. */
export function serversFile(directory: string, log: Logger): ServersFile {
  const file = path.join(directory, 'known-servers.json')
  let writing: Promise<void> = Promise.resolve()
  let next: readonly ServerInfo[] | undefined
  const writeNext = async (): Promise<void> => {
    const servers = next
    next = undefined
    if (servers === undefined) return
    try {
      await writeFile(`${file}.tmp`, `${JSON.stringify(servers, null, 2)}\n`, { mode: 0o600 })
      await rename(`${file}.tmp`, file)
    } catch (error) {
      log.warn('the known servers could not be remembered', { file, error: errorMessage(error) })
      fs.rmSync(`${file}.tmp`, { force: true })
    }
  }
  return {
    read: () => Promise.resolve(readServers(file, log)),
    write: servers => {
      const waiting = next !== undefined
      next = servers
      if (!waiting) writing = writing.then(writeNext)
    },
    close: () => writing,
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
