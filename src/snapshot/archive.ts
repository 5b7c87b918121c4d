import { createHash } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { createGunzip, gzip } from 'node:zlib'
import { MusterError, errorCode, errorMessage } from '../common/errors.js'
import { ByteReader } from './byte-reader.js'
import { packRecords, readPast, readRecords } from './records.js'
import { block, packTar, padding, readHeader, readTarEnd } from './tar.js'
import type { SavedState, SnapshotMeta, SnapshotRecord } from './types.js'

const compress = promisify(gzip)

const names = { meta: 'meta.json', state: 'state.bin', sums: 'SHA256SUMS' } as const
const formatVersion = 1

/** A state without what follows from its records. */
export interface Unsaved extends Pick<SavedState, 'records'> {
  readonly meta: Omit<SnapshotMeta, 'Size' | 'Version'>
}

/**
 * A state as an archive: a gzipped tar with `meta.json`, `state.bin` and the checksums of both, the form of Consul's
 * snapshots.
 * @param at wall-clock ms, for the times of the files in it
 */
export async function writeArchive({ meta, records }: Unsaved, at: number): Promise<Buffer> {
  const state = packRecords(records)
  const about = Buffer.from(
    JSON.stringify({ Version: formatVersion, ...meta, Size: state.length } satisfies SnapshotMeta),
  )
  const sums = Buffer.from(`${sumLine(names.meta, about)}\n${sumLine(names.state, state)}\n`)
  return compress(
    packTar(
      [
        { name: names.meta, data: about },
        { name: names.state, data: state },
        { name: names.sums, data: sums },
      ],
      at / 1000,
    ),
  )
}

/** What an archive is read from: pieces as they come, or all of it. */
export type ArchiveSource = AsyncIterable<Uint8Array> | Uint8Array

/** How an archive is read. */
export interface ReadOptions {
  /** Largest state in bytes once decompressed. */
  readonly limit: number
  /** Told after each piece how many bytes were decompressed so far. */
  readonly onInflated?: (bytes: number) => void
}

/**
 * Reads an archive whole and verifies it: nothing is given back of one that is cut off or was altered anywhere.
 * @throws MusterError SNAPSHOT_INVALID
 */
export async function readArchive(source: ArchiveSource, options: ReadOptions): Promise<SavedState> {
  const records: SnapshotRecord[] = []
  const meta = await scanArchive(source, options, (bytes, size) =>
    readRecords(bytes, size, record => {
      records.push(record)
    }),
  )
  return { meta, records }
}

/**
 * Verifies an archive as it comes, and keeps nothing of it: what is no archive of ours is refused at the first byte
 * that shows it, and not one more is asked for.
 * @throws MusterError SNAPSHOT_INVALID
 */
export const checkArchive = (source: ArchiveSource, options: ReadOptions): Promise<SnapshotMeta> =>
  scanArchive(source, options, (bytes, size) => readRecords(bytes, size, () => undefined))

/**
 * Verifies that an archive is whole, whichever program has written its state: Consul's is not read, only checked
 * against its checksum.
 * @throws MusterError SNAPSHOT_INVALID
 */
export const checkAnyArchive = (source: ArchiveSource, options: ReadOptions): Promise<SnapshotMeta> =>
  scanArchive(source, options, readPast)

type StateReader = (bytes: ByteReader, size: number) => Promise<void>

async function scanArchive(
  source: ArchiveSource,
  { limit, onInflated }: ReadOptions,
  readState: StateReader,
): Promise<SnapshotMeta> {
  let meta: SnapshotMeta | undefined
  const pieces = source instanceof Uint8Array ? [source] : source
  try {
    await pipeline(pieces, createGunzip(), async (inflated: AsyncIterable<Buffer>) => {
      meta = await readFiles(new ByteReader(inflated, onInflated), limit, readState)
    })
  } catch (error) {
    const code = errorCode(error)
    if (code?.startsWith('Z_') !== true) throw error
    throw invalid(`failed to decompress snapshot: ${code === 'Z_BUF_ERROR' ? 'unexpected EOF' : errorMessage(error)}`)
  }
  if (meta === undefined) throw invalid('failed to decompress snapshot: unexpected EOF')
  return meta
}

/** The three files in the order in which they are written: so the first that is another one ends it. */
async function readFiles(bytes: ByteReader, limit: number, readState: StateReader): Promise<SnapshotMeta | undefined> {
  if (await bytes.atEnd()) return undefined
  const about = await stage('failed to read snapshot file', () => smallFile(bytes, names.meta))
  const meta = await stage('failed to read snapshot metadata', () => Promise.resolve(checkedMeta(about)))
  const size = await stage('failed to read snapshot file', () => fileSize(bytes, names.state, limit))
  bytes.hash = createHash('sha256')
  await stage('failed to read snapshot state', () => readState(bytes, size))
  const hash = bytes.hash.digest('hex')
  bytes.hash = undefined
  const sums = await stage('failed to read snapshot file', async () => {
    await bytes.take(padding(size))
    const data = await smallFile(bytes, names.sums)
    await readTarEnd(bytes)
    return data
  })
  const lines = new Set(sums.toString('latin1').split('\n'))
  for (const [name, line] of [
    [names.meta, sumLine(names.meta, about)],
    [names.state, `${hash}  ${names.state}`],
  ] as const) {
    if (!lines.has(line)) throw invalid(`failed checking integrity of snapshot: hash check failed for "${name}"`)
  }
  return meta
}

async function fileSize(bytes: ByteReader, name: string, maxSize: number): Promise<number> {
  const header = readHeader(await bytes.take(block))
  if (header?.name !== name) throw new Error(`${name} is missing`)
  if (header.size > maxSize) throw new Error(`${name} is larger than ${maxSize} bytes`)
  return header.size
}

/** Far above what the two small files need. */
const smallLimit = 64 * 1024

async function smallFile(bytes: ByteReader, name: string): Promise<Buffer> {
  const size = await fileSize(bytes, name, smallLimit)
  const data = await bytes.take(size)
  await bytes.take(padding(size))
  return data
}

function checkedMeta(bytes: Buffer): SnapshotMeta {
  const meta = JSON.parse(bytes.toString()) as Partial<SnapshotMeta>
  if (meta.Version !== formatVersion)
    throw new Error(`its form has the number ${String(meta.Version)}, and this version reads ${formatVersion}`)
  const { ID = '', Index = 0, Term = 0, Size = 0, Build = '', Datacenter = '' } = meta
  return { Version: formatVersion, ID, Index, Term, Size, Build, Datacenter }
}

async function stage<Result>(what: string, run: () => Promise<Result>): Promise<Result> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof MusterError || errorCode(error)?.startsWith('Z_') === true) throw error
    throw invalid(`${what}: ${errorMessage(error)}`)
  }
}

/** A line of SHA256SUMS, as sha256sum(1) writes and checks it. */
const sumLine = (name: string, data: Buffer): string => `${createHash('sha256').update(data).digest('hex')}  ${name}`

const invalid = (message: string): MusterError =>
  new MusterError('SNAPSHOT_INVALID', message, { hint: 'take an archive that "muster snapshot save" has written' })
