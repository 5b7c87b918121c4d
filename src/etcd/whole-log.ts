import { open, readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { MusterError, errorMessage } from '../common/errors.js'
import type { Logger } from '../telemetry/index.js'
import { dataFolder } from './arguments.js'
import { readWalPart, stateRecord, type EntryPlace, type RaftState, type WalPart } from './wal-records.js'

/** The state that a member's write-ahead log describes. */
interface Written {
  readonly last: EntryPlace
  readonly state: RaftState
  readonly tail: WalPart
  readonly file: string
}

/**
 * The last entry that a member has written, known to be committed or not; undefined when its log cannot be read. Also
 * while it runs.
 * @param directory etcd's working directory
 */
export async function lastEntry(directory: string): Promise<EntryPlace | undefined> {
  return (await readLog(directory))?.last
}

/** {@link commitWholeLog}, told in the log. Rejects ETCD_FAILED when the log can not be read or written. */
export async function keepWholeLog(directory: string, log: Logger): Promise<void> {
  try {
    const entries = await commitWholeLog(directory)
    if (entries > 0)
      log.info('keeps what was written last, though this member was not told any more that it is committed', {
        entries,
      })
  } catch (cause) {
    throw new MusterError('ETCD_FAILED', `the end of etcd's log cannot be looked after: ${errorMessage(cause)}`, {
      hint: `make ${directory} readable and writable for the agent`,
      cause,
    })
  }
}

/**
 * Notes all entries of a member's log as committed, before it is made a cluster of its own: etcd keeps only those that
 * it knows to be, and it learns that of the last ones with whatever is written next. An entry that a majority has
 * acknowledged, and with it a client, would be lost. Consul's servers recover in the same way. Resolves with how many
 * entries that was. Only while no etcd runs; a log that does not end with a whole record is left as it is.
 */
export async function commitWholeLog(directory: string): Promise<number> {
  const log = await readLog(directory)
  if (log?.tail.isClean !== true) return 0
  const { last, state, tail, file } = log
  const more = last.index - Number(state.commit)
  if (more <= 0) return 0
  const handle = await open(file, 'r+')
  try {
    const record = stateRecord({ ...state, commit: BigInt(last.index) }, tail.checksum)
    await handle.write(record, 0, record.length, tail.end)
    await handle.datasync()
  } finally {
    await handle.close()
  }
  return more
}

async function readLog(directory: string): Promise<Written | undefined> {
  const folder = join(dataFolder(directory), 'member', 'wal')
  // By name they are in order, `sequence-index.wal` in hexadecimal.
  const names = (await readdir(folder))
    .filter(name => name.endsWith('.wal'))
    .sort()
    .reverse()
  let tail: { readonly part: WalPart; readonly file: string } | undefined
  let entry: EntryPlace | undefined
  let snapshot: EntryPlace | undefined
  let state: RaftState | undefined
  for (const name of names) {
    const file = join(folder, name)
    const part = readWalPart(await readFile(file))
    tail ??= { part, file }
    entry ??= part.entry
    snapshot ??= part.snapshot
    state ??= part.state
    if (entry !== undefined && state !== undefined) break
  }
  const last = snapshot !== undefined && snapshot.index > (entry?.index ?? 0) ? snapshot : entry
  return last === undefined || state === undefined || tail === undefined
    ? undefined
    : { last, state, tail: tail.part, file: tail.file }
}
