import { closeSync, existsSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { MusterError } from '../common/errors.js'
import { socketName } from './arguments.js'

/** Bytes of the longest path that a unix socket's address holds, the closing zero left out. */
const maxPathBytes = 107

/** The client socket as this process reaches it. */
export interface SocketPath {
  readonly path: string
  close(): void
}

/**
 * A path to the client socket that fits in a socket's address. Where the directory's own is too long it goes through an
 * open handle of the directory, which Linux offers as a short path; nothing is written anywhere.
 * @throws MusterError ETCD_FAILED where the path is too long and there is no such way
 */
export function socketPath(directory: string): SocketPath {
  const path = join(directory, socketName)
  if (Buffer.byteLength(path) <= maxPathBytes) return { path, close: () => undefined }
  if (!existsSync('/proc/self/fd')) {
    throw new MusterError(
      'ETCD_FAILED',
      `the path of etcd's socket is ${Buffer.byteLength(path)} bytes long, and ${maxPathBytes} is the most: ${path}`,
      { hint: 'give the agent a shorter -data-dir' },
    )
  }
  const descriptor = openSync(directory, 'r')
  return {
    path: `/proc/self/fd/${descriptor}/${socketName}`,
    close: () => {
      closeSync(descriptor)
    },
  }
}
