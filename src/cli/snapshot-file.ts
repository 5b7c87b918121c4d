import fs from 'node:fs/promises'
import path from 'node:path'
import { MusterError, errorMessage } from '../common/errors.js'
import type { ParsedFlags } from '../common/flags.js'
import { readArchive, type SavedState } from '../snapshot/index.js'
import type { Io } from './io.js'

/** Largest state that is read, in bytes: the most that one buffer of Node.js holds. */
const stateLimit = 2 * 1024 * 1024 * 1024 - 1

/** The FILE that a snapshot command was given, made absolute; undefined, and the user told, when there is none or more than one. */
export function fileArgument(flags: ParsedFlags, io: Io): string | undefined {
  const [file] = flags.positional
  if (file === undefined || flags.positional.length > 1) {
    io.err(file === undefined ? 'Missing FILE argument\n' : `Too many arguments (expected 1, got ${flags.positional.length})\n`)
    return undefined
  }
  return path.resolve(io.cwd, file)
}

/** The bytes of a file. @throws MusterError CLI_FILE */
export async function readFile(file: string): Promise<Buffer> {
  try {
    return await fs.readFile(file)
  } catch (cause) {
    throw new MusterError('CLI_FILE', `Error opening snapshot file: ${errorMessage(cause)}`, { cause })
  }
}

/** The state that an archive holds. @throws MusterError CLI_FILE for one that is not whole */
export async function readSnapshot(bytes: Buffer): Promise<SavedState> {
  try {
    return await readArchive(bytes, stateLimit)
  } catch (cause) {
    throw new MusterError('CLI_FILE', `Error reading snapshot: ${errorMessage(cause)}`, { cause })
  }
}
