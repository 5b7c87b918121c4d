import type { TarFile } from '../../src/snapshot/index.js'

/** The plain files of a tar archive; their data are views of `bytes`. */
export function unpackTar(bytes: Buffer): readonly TarFile[] {
  const files: TarFile[] = []
  for (let at = 0; bytes[at] !== 0;) {
    const name = bytes.toString('latin1', at, at + 100).replace(/\0.*$/s, '')
    const size = Number.parseInt(bytes.toString('latin1', at + 124, at + 135), 8)
    if (String.fromCharCode(bytes[at + 156] ?? 0) === '0')
      files.push({ name, data: bytes.subarray(at + 512, at + 512 + size) })
    at += 512 + Math.ceil(size / 512) * 512
  }
  return files
}
