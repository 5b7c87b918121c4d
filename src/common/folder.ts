import { accessSync, constants, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { errorCode } from './errors.js'

/**
 * Makes a folder and those that it is in, where they are missing. Node's own recursive way never returns where the file
 * system says that a folder is missing which it then refuses to make, as below /proc.
 * @throws the system's error, when it cannot be made or is something else than a folder
 */
export function ensureFolder(folder: string, mode = 0o777): void {
  try {
    mkdirSync(folder, mode)
  } catch (error) {
    if (errorCode(error) === 'EEXIST' && statSync(folder).isDirectory()) return
    const parent = dirname(folder)
    if (errorCode(error) !== 'ENOENT' || parent === folder) throw error
    ensureFolder(parent, mode)
    mkdirSync(folder, mode)
  }
}

/** @throws the system's error, when this process may not make files in the folder */
export function assertWritable(folder: string): void {
  accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
}
