import { statfsSync } from 'node:fs'

/**
 * Bytes that etcd needs to write at all: a segment of its log is set aside as a whole (64 MB), and a broken one is
 * copied before it is mended.
 */
const minFreeBytes = 80_000_000

/** Whether the disk of a directory has too little room for etcd to go on. False when that cannot be told. */
export function lacksRoom(directory: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(directory)
    return bavail * bsize < minFreeBytes
  } catch {
    return false
  }
}
