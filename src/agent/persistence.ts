import { join } from 'node:path'
import type { Clock } from '../common/clock.js'
import type { CheckDefinition, LastGoodStore, ServiceDefinition } from '../config/index.js'
import type { Logger } from '../telemetry/index.js'
import { EntryFiles } from './entry-files.js'
import { Journal } from './journal.js'
import { parsePersistedCheck, parsePersistedService, parsePersistedStatus } from './persisted-shape.js'
import type { PersistedCheck, PersistedService, PersistedStatus } from './persisted-shape.js'

/** What was found in data-dir at the start. */
export interface Restored {
  readonly services: readonly ServiceDefinition[]
  readonly checks: readonly PersistedCheck[]
  readonly statuses: ReadonlyMap<string, PersistedStatus>
}

/**
 * What an agent keeps over a restart. Promises resolve when the entry is durable, since a client may then be told so,
 * and reject when it cannot be made so now; it is tried again then. Statuses and file texts are gathered and written
 * within a second.
 */
export interface Persistence {
  readonly lastGood: LastGoodStore
  restore(): Restored
  putService(definition: ServiceDefinition): Promise<void>
  deleteService(id: string): Promise<void>
  putCheck(definition: CheckDefinition): Promise<void>
  /** `serviceId` '' marks the node; `since`: wall-clock ms of its beginning, where that is known. */
  putMark(markId: string, serviceId: string, reason: string, since: number | undefined): Promise<void>
  /** A check or a mark. */
  deleteCheck(id: string): Promise<void>
  /** Undefined forgets the check. */
  setStatus(checkId: string, status: PersistedStatus | undefined): void
  /** How many services, checks and marks are not on disk as they should be. */
  unsaved(): number
  close(): Promise<void>
  /** Ends without writing anything more: for a start that failed, perhaps because the directory is another agent's. */
  discard(): Promise<void>
}

/**
 * Opens what the agent keeps in `dataDir`: `services/` and `checks/` with a file an entry, `checks/state/journal` with
 * the states of checks, `config/last-good` with the texts of declaration files that were good.
 */
export function openPersistence(dataDir: string, clock: Clock, log: Logger): Persistence {
  const services = new EntryFiles(join(dataDir, 'services'), clock, log)
  const checks = new EntryFiles(join(dataDir, 'checks'), clock, log)
  const statuses = new Journal(join(dataDir, 'checks', 'state', 'journal'), clock, log)
  const texts = new Journal(join(dataDir, 'config', 'last-good'), clock, log)
  return {
    lastGood: {
      all: () => texts.entries().flatMap(([path, text]) => (typeof text === 'string' ? [{ path, text }] : [])),
      set: (path, text) => {
        texts.set(path, text)
      },
    },
    restore: () => ({
      services: services.load(parsePersistedService),
      checks: checks.load(parsePersistedCheck),
      statuses: new Map(
        statuses.entries().flatMap(([id, value]) => {
          const status = parsePersistedStatus(value)
          return status === undefined ? [] : [[id, status] as const]
        }),
      ),
    }),
    putService: Service => services.put(Service.id, { Source: 'remote', Service } satisfies PersistedService),
    deleteService: id => services.delete(id),
    putCheck: Check => checks.put(Check.id, { Source: 'remote', Check } satisfies PersistedCheck),
    putMark: (markId, ServiceID, Reason, Since) =>
      checks.put(markId, {
        Source: 'maintenance',
        ServiceID,
        Reason,
        ...(Since !== undefined && { Since }),
      } satisfies PersistedCheck),
    deleteCheck: id => checks.delete(id),
    setStatus: (checkId, status) => {
      statuses.set(checkId, status)
    },
    unsaved: () => services.unsaved + checks.unsaved,
    close: async () => {
      await Promise.all([services.close(), checks.close(), statuses.close(), texts.close()])
    },
    discard: async () => {
      await Promise.all([statuses.discard(), texts.discard()])
    },
  }
}

/**
 * Persistence of an agent without data-dir (`-dev`): nothing is written, and last good texts live as long as the
 * process.
 */
export function noPersistence(): Persistence {
  const texts = new Map<string, string>()
  const done = (): Promise<void> => Promise.resolve()
  return {
    lastGood: {
      all: () => [...texts].map(([path, text]) => ({ path, text })),
      set: (path, text) => {
        if (text === undefined) texts.delete(path)
        else texts.set(path, text)
      },
    },
    restore: () => ({ services: [], checks: [], statuses: new Map() }),
    putService: done,
    deleteService: done,
    putCheck: done,
    putMark: done,
    deleteCheck: done,
    setStatus: () => undefined,
    unsaved: () => 0,
    close: done,
    discard: done,
  }
}
