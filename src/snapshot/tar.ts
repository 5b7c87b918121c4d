import type { ByteReader } from './byte-reader.js'

/** A file of an archive. */
export interface TarFile {
  readonly name: string
  readonly data: Buffer
}

/** What a tar archive is made of, in bytes. */
export const block = 512
const regular = 0x30

/**
 * Files as a tar archive (POSIX.1-1988 ustar), readable for their owner alone. Names are ASCII of at most 100 bytes.
 * @param at modification time, Unix seconds
 */
export function packTar(files: readonly TarFile[], at: number): Buffer {
  const parts: Buffer[] = []
  for (const { name, data } of files)
    parts.push(header(name, data.length, at), data, Buffer.alloc(padding(data.length)))
  return Buffer.concat([...parts, Buffer.alloc(2 * block)])
}

/**
 * Name and size of the plain file that a header announces; undefined for what is none: a directory, a link, the end.
 * @throws Error for what is no header
 */
export function readHeader(head: Buffer): { readonly name: string; readonly size: number } | undefined {
  if (isZero(head)) return undefined
  if (octal(head, 148, 8) !== checksum(head)) throw new Error('a header is damaged')
  if (head[156] !== regular && head[156] !== 0) return undefined
  const size = octal(head, 124, 12)
  if (Number.isNaN(size)) throw new Error('a header is damaged')
  return { name: head.toString('latin1', 0, Math.min(100, indexOrEnd(head.indexOf(0), 100))), size }
}

/** Blocks of zeros that programs write at the end: two, or as many as fill what they write at once. */
const maxEndBlocks = 128

/** Reads the end of an archive, up to the last byte. @throws Error when it is missing or something else follows */
export async function readTarEnd(bytes: ByteReader): Promise<void> {
  for (let i = 0; i === 0 || !(await bytes.atEnd()); i++) {
    if (i === maxEndBlocks || !isZero(await bytes.take(block))) throw new Error('something follows after its files')
  }
}

const isZero = (bytes: Buffer): boolean => bytes.every(byte => byte === 0)

function header(name: string, size: number, at: number): Buffer {
  const head = Buffer.alloc(block)
  head.write(name, 0, 'latin1')
  writeOctal(head, 0o600, 100, 8)
  writeOctal(head, 0, 108, 8)
  writeOctal(head, 0, 116, 8)
  writeOctal(head, size, 124, 12)
  writeOctal(head, Math.floor(at), 136, 12)
  head[156] = regular
  head.write('ustar\x0000', 257, 'latin1')
  writeOctal(head, checksum(head), 148, 7)
  head[155] = 0x20
  return head
}

/** Bytes that fill up the last block of a file. */
export const padding = (size: number): number => (block - (size % block)) % block

const indexOrEnd = (index: number, end: number): number => (index < 0 ? end : index)

function writeOctal(head: Buffer, value: number, at: number, length: number): void {
  head.write(value.toString(8).padStart(length - 1, '0'), at, 'latin1')
}

function octal(head: Buffer, at: number, length: number): number {
  const text = head
    .toString('latin1', at, at + length)
    .replace(/[\0 ]+$/, '')
    .trim()
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number.NaN
}

/** Sum of all bytes, those of the checksum itself taken as blanks. */
function checksum(head: Buffer): number {
  let sum = 0
  for (let i = 0; i < block; i++) sum += i >= 148 && i < 156 ? 0x20 : (head[i] ?? 0)
  return sum
}
