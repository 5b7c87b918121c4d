import { difference, type Declared, type DeclaredChange, type DeclaredService, type Origin } from '../config/index.js'
import type { EntryOrigin, LocalReads } from './api.js'

/** An entry that is as declared, and stands at another place of its file than it is known for. */
interface MovedEntry {
  readonly kind: 'service' | 'check'
  readonly id: string
  readonly at: Origin
}

/** What a reload has to do about declared entries. */
export interface DeclaredComparison {
  /** What files say otherwise than they did. */
  readonly changes: readonly DeclaredChange[]
  /**
   * Entries that are not there, or not as declared, although no file changed: a client has removed or replaced them. As
   * additions.
   */
  readonly missing: readonly DeclaredChange[]
  /** Unchanged entries whose place is another, since lines above them came or went. */
  readonly moved: readonly MovedEntry[]
}

/**
 * Compares what files declare now with what they declared before and with what runs, each entry once. Of entries whose
 * files `isRead` leaves out only the changes count.
 */
export function compareDeclared(
  before: Declared,
  after: Declared,
  local: LocalReads,
  isRead: (file: string) => boolean,
): DeclaredComparison {
  const missing: DeclaredChange[] = []
  const moved: MovedEntry[] = []
  const services = local.services()
  const checks = local.checks()
  /** Whether a service is there once the changes are applied; '' stands for the node. */
  const stays = (serviceId: string): boolean =>
    serviceId === '' || after.services.has(serviceId) || services.get(serviceId)?.origin.by === 'api'
  const isComplete = ({ definition }: DeclaredService): boolean =>
    definition.checks.every(({ id }) => {
      const check = checks.get(id)
      return check !== undefined && stays(check.serviceId)
    })
  const changes = difference(before, after, {
    service: (declared, id) => {
      const { origin } = declared
      if (!isRead(origin.file)) return
      const known = services.get(id)?.origin
      if (known?.by !== 'file' || !isComplete(declared)) missing.push({ kind: 'service', op: 'add', id, declared })
      else if (hasMoved(known, origin)) moved.push({ kind: 'service', id, at: origin })
    },
    check: (declared, id) => {
      const { origin, definition } = declared
      if (!isRead(origin.file)) return
      const known = checks.get(id)?.origin
      if (known?.by === 'file') {
        if (hasMoved(known, origin)) moved.push({ kind: 'check', id, at: origin })
      } else if (stays(definition.serviceId)) missing.push({ kind: 'check', op: 'add', id, declared })
    },
  })
  return { changes, missing, moved }
}

/** Unchanged files keep their very objects, so nothing is compared line by line. */
const hasMoved = (known: Extract<EntryOrigin, { by: 'file' }>, origin: Origin): boolean => known.at !== origin
