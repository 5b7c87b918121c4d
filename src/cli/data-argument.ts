import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { buffer } from 'node:stream/consumers'
import { decodeBase64 } from '../common/base64.js'
import { MusterError, errorMessage } from '../common/errors.js'
import type { Io } from './io.js'

/**
 * What a DATA argument stands for: `@file` the bytes of a file, `-` those of stdin, anything else itself. @throws
 * MusterError CLI_DATA
 */
export async function readData(argument: string, io: Io): Promise<Buffer> {
  if (argument === '-') return buffer(io.stdin)
  if (!argument.startsWith('@')) return Buffer.from(argument)
  const file = path.resolve(io.cwd, argument.slice(1))
  try {
    return await readFile(file)
  } catch (cause) {
    throw new MusterError('CLI_DATA', `the data in ${file} cannot be read: ${errorMessage(cause)}`, { cause })
  }
}

/** The bytes that base64 text stands for, line breaks and spaces in it aside; undefined when it is none. */
export const unwrapBase64 = (text: string): Buffer | undefined => decodeBase64(text.replace(/\s/g, ''))
