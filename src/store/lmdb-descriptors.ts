import { fstatSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { dataFile, lockFile } from './lmdb-file.js'

/**
 * The flag of a descriptor in `/proc/self/fdinfo` that closes it in children: O_CLOEXEC, in the octal that stands
 * there.
 */
const closeOnExec = 0o2000000

/**
 * The descriptors through which LMDB has a store's files open in this process and which a program started by it would
 * inherit. LMDB opens the data file without asking for it to be closed there. Where the system does not tell its
 * descriptors' flags, all of LMDB's.
 */
export function inheritableDescriptors(directory: string): readonly number[] {
  const files = [dataFile(directory), lockFile(directory)].map(file => statSync(file, { throwIfNoEntry: false }))
  return openDescriptors().filter(descriptor => {
    const open = statOf(descriptor)
    return (
      open !== undefined
      && files.some(file => file?.ino === open.ino && file.dev === open.dev)
      && !closesInChildren(descriptor)
    )
  })
}

const openDescriptors = (): readonly number[] => readdirSync('/dev/fd').map(Number)

/** A descriptor of the list may be gone by the time it is looked at: the one that read the list is. */
function statOf(descriptor: number) {
  try {
    return fstatSync(descriptor)
  } catch {
    return undefined
  }
}

function closesInChildren(descriptor: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1'))?.[1]
    return flags !== undefined && (parseInt(flags, 8) & closeOnExec) !== 0
  } catch {
    return false
  }
}
