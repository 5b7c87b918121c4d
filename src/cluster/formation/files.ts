import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { removeFileSync, replaceFileSync } from '../../common/durable-files.js'
import { readSmallFile } from '../../common/small-files.js'

/** The data directory as far as the formation of servers uses it. Names are relative to it, with `/` between. */
export interface FormationFiles {
  /** Where a file is, for people. */
  path(name: string): string
  /** Undefined when there is none. @throws when it cannot be read */
  read(name: string): string | undefined
  /** The whole new content is on the disk when this returns. @throws the system's error; then nothing was changed */
  replace(name: string, text: string): void
  /** It is gone from the disk when this returns; one that is not there is no error. @throws the system's error */
  remove(name: string): void
}

/** The files of a directory, which is made when the first one is written. */
export function directoryFiles(directory: string): FormationFiles {
  const where = (name: string): string => path.join(directory, name)
  return {
    path: where,
    read: name => readSmallFile(where(name)),
    replace: (name, text) => {
      mkdirSync(path.dirname(where(name)), { recursive: true })
      replaceFileSync(where(name), text)
    },
    remove: name => {
      removeFileSync(where(name))
    },
  }
}
