import { MusterError, errorMessage } from '../common/errors.js'

/**
 * Codes (numbers from LMDB, names from Node) that mean: no room for the write. ENOSPC, EDQUOT, EFBIG, MDB_MAP_FULL,
 * MDB_TXN_FULL.
 */
const fullCodes = new Set<unknown>([28, 122, 27, -30792, -30788, 'ENOSPC', 'EDQUOT', 'EFBIG'])

/**
 * LMDB says that the file is not one of its own, or that a page of it makes no sense: MDB_CORRUPTED, _PAGE_NOTFOUND,
 * _INVALID, _VERSION_MISMATCH.
 */
const brokenCodes = new Set<unknown>([-30796, -30797, -30793, -30794])

const codeOf = (thrown: unknown): unknown =>
  typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : undefined

/** Whether a failure is EIO, which LMDB also makes of a write that went in only partly. */
export const isInputOutput = (thrown: unknown): boolean => codeOf(thrown) === 5

/**
 * The error behind a rejected LMDB write. The package rejects with a general message and keeps the cause in a promise
 * beside it, which must be looked at in any case, or its rejection counts as unhandled.
 */
export async function causeOfRejection(rejection: unknown): Promise<unknown> {
  if (typeof rejection !== 'object' || rejection === null || !('commitError' in rejection)) return rejection
  try {
    await rejection.commitError
    return rejection
  } catch (cause) {
    return cause
  }
}

/** What a write failed with, as STORE_FULL (there was no room; later ones may succeed) or STORE_FAILED. */
export function writeFailed(directory: string, cause: unknown): MusterError {
  if (fullCodes.has(codeOf(cause))) {
    return new MusterError('STORE_FULL', `no room to write to the store in ${directory}: ${errorMessage(cause)}`, {
      status: 503,
      cause,
      hint: `free space on the disk of ${directory}; nothing was lost and writes resume by themselves`,
    })
  }
  return new MusterError('STORE_FAILED', `writing to the store in ${directory} failed: ${errorMessage(cause)}`, {
    status: 503,
    cause,
    hint: 'check the disk (kernel log); what was acknowledged before is kept',
  })
}

/** What opening a directory failed with. */
export function openFailed(directory: string, cause: unknown): MusterError {
  if (cause instanceof MusterError) return cause
  const code = codeOf(cause)
  if (fullCodes.has(code)) return writeFailed(directory, cause)
  if (brokenCodes.has(code)) return corrupt(directory, errorMessage(cause), cause)
  return new MusterError('STORE_FAILED', `cannot open the store in ${directory}: ${errorMessage(cause)}`, {
    cause,
    hint: `${directory} must be a directory that the agent's user can write to`,
  })
}

/** The files are there but make no sense. */
export const corrupt = (directory: string, what: string, cause?: unknown, more = ''): MusterError =>
  new MusterError('STORE_FAILED', `the store in ${directory} is damaged: ${what}`, {
    cause,
    hint: `put a backup of ${directory} in its place; or move it away, start the agent, which then begins empty, and bring the newest snapshot back with "muster snapshot restore FILE"${more}`,
  })

/**
 * The files that the store has open are not those that stand in its directory any more: what is written would be gone
 * at the next start.
 */
export const displacedCode = 'STORE_DISPLACED'
export const displaced = (directory: string, what: string): MusterError =>
  new MusterError(
    displacedCode,
    `the store in ${directory} takes no writes: ${what}, so what is written would be lost`,
    {
      hint: `put the directory back in its place as it was, or restart the agent to go on with what is in ${directory} now`,
    },
  )

/** The database was written by something else, or by a later version. */
export const unknownFormat = (directory: string, found: string, wanted: string): MusterError =>
  new MusterError('STORE_FORMAT', `the store in ${directory} has format ${found}, this version reads ${wanted}`, {
    hint: 'run the version of muster that wrote it, or name another data-dir',
  })
