import fs from 'node:fs/promises'
import path from 'node:path'
import { MusterError, errorMessage } from '../common/errors.js'
import type { ParsedFlags } from '../common/flags.js'
import { checkAnyArchive, readArchive, type SavedState, type SnapshotMeta } from '../snapshot/index.js'
import type { Io } from './io.js'

/**
 * Largest state that is read, in bytes: as much as an agent takes, and as one buffer of Node.js may hold when it is
 * written.
 */
const stateLimit = 2 * 1024 * 1024 * 1024 - 1

/**
 * The FILE that a snapshot command was given, made absolute. @throws MusterError USAGE when there is none or more than
 * one
 */
export function fileArgument(flags: ParsedFlags, io: Io): string {
  const [file] = flags.positional
  if (file === undefined) throw new MusterError('USAGE', 'Missing FILE argument')
  if (flags.positional.length > 1)
    throw new MusterError('USAGE', `Too many arguments (expected 1, got ${flags.positional.length})`)
  return path.resolve(io.cwd, file)
}

/** The bytes of a file. @throws MusterError CLI_FILE */
export async function readFile(file: string): Promise<Buffer> {
  try {
    return await fs.readFile(file)
  } catch (cause) {
    throw new MusterError('CLI_FILE', `Error opening snapshot file: ${errorMessage(cause)}`, {
      cause,
      hint: 'name a file that "muster snapshot save" has written',
    })
  }
}

/**
 * What an archive says of itself, once it was found whole: also one of a Consul agent. @throws MusterError CLI_FILE for
 * one that is not
 */
export async function verifySnapshot(bytes: Buffer): Promise<SnapshotMeta> {
  try {
    return await checkAnyArchive(bytes, { limit: stateLimit })
  } catch (cause) {
    throw new MusterError('CLI_FILE', `Error verifying snapshot file: ${errorMessage(cause)}`, {
      cause,
      hint: 'the answer was cut off or altered: save it again',
    })
  }
}

/** The state that an archive holds. @throws MusterError CLI_FILE for one that is not whole */
export async function readSnapshot(bytes: Buffer): Promise<SavedState> {
  try {
    return await readArchive(bytes, { limit: stateLimit })
  } catch (cause) {
    throw new MusterError('CLI_FILE', `Error reading snapshot: ${errorMessage(cause)}`, {
      cause,
      hint: 'it is cut off, damaged or of another program: take one that "muster snapshot save" has written',
    })
  }
}
