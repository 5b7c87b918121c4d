/** A file of an archive. */
export interface TarFile {
  readonly name: string
  readonly data: Buffer
}

const block = 512
const regular = 0x30

/**
 * Files as a tar archive (POSIX.1-1988 ustar), readable for their owner alone. Names are ASCII of at most 100 bytes.
 * @param at modification time, Unix seconds
 */
export function packTar(files: readonly TarFile[], at: number): Buffer {
  const parts: Buffer[] = []
  for (const { name, data } of files) parts.push(header(name, data.length, at), data, Buffer.alloc(padding(data.length)))
  return Buffer.concat([...parts, Buffer.alloc(2 * block)])
}

/**
 * The files of a tar archive.
 * @throws Error saying what is wrong with it
 */
export function unpackTar(bytes: Buffer): readonly TarFile[] {
  const files: TarFile[] = []
  for (let at = 0; at + block <= bytes.length;) {
    const head = bytes.subarray(at, at + block)
    if (head.every(byte => byte === 0)) return files
    if (octal(head, 148, 8) !== checksum(head)) throw new Error(`the header at byte ${at} is damaged`)
    const name = head.toString('latin1', 0, Math.min(100, indexOrEnd(head.indexOf(0), 100)))
    const size = octal(head, 124, 12)
    if (at + block + size > bytes.length) throw new Error('unexpected EOF')
    // Directories and extended headers carry no data of ours.
    if (head[156] === regular || head[156] === 0) files.push({ name, data: bytes.subarray(at + block, at + block + size) })
    at += block + size + padding(size)
  }
  throw new Error('unexpected EOF')
}

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

const padding = (size: number): number => (block - size % block) % block

const indexOrEnd = (index: number, end: number): number => index < 0 ? end : index

function writeOctal(head: Buffer, value: number, at: number, length: number): void {
  head.write(value.toString(8).padStart(length - 1, '0'), at, 'latin1')
}

function octal(head: Buffer, at: number, length: number): number {
  const text = head.toString('latin1', at, at + length).replace(/[\0 ]+$/, '').trim()
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number.NaN
}

/** Sum of all bytes, those of the checksum itself taken as blanks. */
function checksum(head: Buffer): number {
  let sum = 0
  for (let i = 0; i < block; i++) sum += i >= 148 && i < 156 ? 0x20 : head[i] ?? 0
  return sum
}
