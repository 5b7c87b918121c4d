import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { MusterError, errorMessage } from '../common/errors.js'
import { packRecords, unpackRecords } from './records.js'
import { packTar, unpackTar } from './tar.js'
import type { SavedState, SnapshotMeta } from './types.js'

const compress = promisify(gzip)
const decompress = promisify(gunzip)

const names = { meta: 'meta.json', state: 'state.bin', sums: 'SHA256SUMS' } as const
const formatVersion = 1

/** A state without what follows from its records. */
export interface Unsaved extends Pick<SavedState, 'records'> {
  readonly meta: Omit<SnapshotMeta, 'Size' | 'Version'>
}

/**
 * A state as an archive: a gzipped tar with `meta.json`, `state.bin` and the checksums of both, the form of Consul's snapshots.
 * @param at wall-clock ms, for the times of the files in it
 */
export async function writeArchive({ meta, records }: Unsaved, at: number): Promise<Buffer> {
  const state = packRecords(records)
  const about = Buffer.from(JSON.stringify({ Version: formatVersion, ...meta, Size: state.length } satisfies SnapshotMeta))
  const sums = Buffer.from(`${sumLine(names.meta, about)}\n${sumLine(names.state, state)}\n`)
  return compress(packTar([{ name: names.meta, data: about }, { name: names.state, data: state }, { name: names.sums, data: sums }], at / 1000))
}

/**
 * Reads an archive whole and verifies it: nothing is given back of one that is cut off or was altered anywhere.
 * @param limit largest size in bytes once decompressed, so that a small upload cannot fill the memory
 * @throws MusterError SNAPSHOT_INVALID (400 at the API)
 */
export async function readArchive(bytes: Buffer, limit: number): Promise<SavedState> {
  const tar = await decompressed(bytes, limit)
  const files = new Map(stage('failed to read snapshot file', () => unpackTar(tar)).map(({ name, data }) => [name, data]))
  const [meta, state, sums] = [names.meta, names.state, names.sums].map(name => {
    const data = files.get(name)
    if (data === undefined) throw invalid(`failed to read snapshot file: ${name} is missing`)
    return data
  }) as [Buffer, Buffer, Buffer]
  verify(sums, new Map([[names.meta, meta], [names.state, state]]))
  return {
    meta: stage('failed to read snapshot metadata', () => checkedMeta(meta)),
    records: stage('failed to read snapshot state', () => unpackRecords(state)),
  }
}

async function decompressed(bytes: Buffer, limit: number): Promise<Buffer> {
  try {
    return await decompress(bytes, { maxOutputLength: limit })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ERR_BUFFER_TOO_LARGE') throw invalid(`failed to decompress snapshot: it is larger than ${limit} bytes`)
    throw invalid(`failed to decompress snapshot: ${code === 'Z_BUF_ERROR' ? 'unexpected EOF' : errorMessage(error)}`)
  }
}

function verify(sums: Buffer, files: ReadonlyMap<string, Buffer>): void {
  const lines = new Set(sums.toString('latin1').split('\n'))
  for (const [name, data] of files) {
    if (!lines.has(sumLine(name, data))) throw invalid(`failed checking integrity of snapshot: hash check failed for "${name}"`)
  }
}

function checkedMeta(bytes: Buffer): SnapshotMeta {
  const meta = JSON.parse(bytes.toString()) as Partial<SnapshotMeta>
  if (meta.Version !== formatVersion) throw new Error(`its form has the number ${String(meta.Version)}, and this version reads ${formatVersion}`)
  const { ID = '', Index = 0, Term = 0, Size = 0, Build = '', Datacenter = '' } = meta
  return { Version: formatVersion, ID, Index, Term, Size, Build, Datacenter }
}

function stage<Result>(what: string, run: () => Result): Result {
  try {
    return run()
  } catch (error) {
    throw invalid(`${what}: ${errorMessage(error)}`)
  }
}

/** A line of SHA256SUMS, as sha256sum(1) writes and checks it. */
const sumLine = (name: string, data: Buffer): string => `${createHash('sha256').update(data).digest('hex')}  ${name}`

const invalid = (message: string): MusterError => new MusterError('SNAPSHOT_INVALID', message, { hint: 'take an archive that "muster snapshot save" has written' })
