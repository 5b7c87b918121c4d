import type { Entry } from '../../store/index.js'
import { bytes, number, parse, text } from '../fields.js'
import type { Lock, LockData } from './types.js'

/** Bytes of a lock. */
export const encodeLock = ({ session, lockIndex }: LockData): Uint8Array => bytes({ session, lockIndex })

/** The lock of an entry. @throws MusterError CATALOG_UNREADABLE */
export function decodeLock(entry: Entry): Lock {
  const fields = parse(entry)
  return { session: text(fields.session), lockIndex: number(fields.lockIndex, 0), modified: entry.modified }
}
