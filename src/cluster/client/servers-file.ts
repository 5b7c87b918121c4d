import fs from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { errorCode, errorMessage } from '../../common/errors.js'
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
      await writeFile(`${file}.new`, `${JSON.stringify(servers, null, 2)}\n`, { mode: 0o600 })
      await rename(`${file}.new`, file)
    } catch (error) {
      log.warn('the known servers could not be remembered', { file, error: errorMessage(error) })
      fs.rmSync(`${file}.new`, { force: true })
    }
  }
  return {
    read: async () => {
      try {
        const list: unknown = JSON.parse(await readFile(file, 'utf8'))
        return Array.isArray(list) ? list.map(readServer) : []
      } catch (error) {
        if (errorCode(error) !== 'ENOENT') log.warn('the remembered servers cannot be read', { file, error: errorMessage(error) })
        return []
      }
    },
    write: servers => {
      const waiting = next !== undefined
      next = servers
      if (!waiting) writing = writing.then(writeNext)
    },
    close: () => writing,
  }
}
