import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { MusterError } from '../common/errors.js'

/**
 * Who holds a data directory. `boot` and `started` tell a process from a later one with the same pid; absent where the
 * system does not say.
 */
export interface Owner {
  readonly pid: number
  /** Different each time a directory is opened. */
  readonly token: string
  readonly boot?: string
  readonly started?: string
}

/** What tells whether another process lives, replaced in tests. */
export interface ProcessTable {
  readonly pid: number
  readonly boot: () => string | undefined
  /** The start time of a living process in ticks since boot; undefined when the system does not say. */
  readonly started: (pid: number) => string | undefined
  readonly lives: (pid: number) => boolean
}

/** This machine's processes: through /proc where there is one, else by a signal 0. */
export const systemProcesses: ProcessTable = {
  pid: process.pid,
  boot: () => readText('/proc/sys/kernel/random/boot_id')?.trim(),
  started: pid => processStat(pid)?.started,
  lives: pid => {
    const stat = processStat(pid)
    if (stat !== undefined) return stat.state !== 'Z' && stat.state !== 'X'
    try {
      process.kill(pid, 0)
      return true
    } catch (thrown) {
      return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM'
    }
  },
}

/**
 * Directories that this process holds open, by token: a record with our own pid and none of these tokens is of an
 * earlier process.
 */
const heldHere = new Set<string>()

/** This process as an owner, until {@link release}. */
export function becomeOwner(processes: ProcessTable): Owner {
  const token = randomUUID()
  heldHere.add(token)
  const boot = processes.boot()
  const started = processes.started(processes.pid)
  return { pid: processes.pid, token, ...(boot !== undefined && { boot }), ...(started !== undefined && { started }) }
}

export function release(owner: Owner): void {
  heldHere.delete(owner.token)
}

/** Whether the process that wrote an owner record still runs. */
export function isHeld(owner: Owner, processes: ProcessTable): boolean {
  if (heldHere.has(owner.token)) return true
  if (owner.pid === processes.pid) return false
  const boot = processes.boot()
  if (boot !== undefined && owner.boot !== undefined && boot !== owner.boot) return false
  if (!processes.lives(owner.pid)) return false
  const started = processes.started(owner.pid)
  return started === undefined || owner.started === undefined || started === owner.started
}

/** Reads an owner record; undefined for anything else. */
export function parseOwner(text: string): Owner | undefined {
  try {
    const read: unknown = JSON.parse(text)
    if (typeof read !== 'object' || read === null || !('pid' in read) || !('token' in read)) return undefined
    const { pid, token } = read
    if (typeof pid !== 'number' || typeof token !== 'string') return undefined
    const boot = 'boot' in read && typeof read.boot === 'string' ? { boot: read.boot } : {}
    const started = 'started' in read && typeof read.started === 'string' ? { started: read.started } : {}
    return { pid, token, ...boot, ...started }
  } catch {
    return undefined
  }
}

/** Another agent works on the directory. */
export const locked = (directory: string, owner: Owner): MusterError =>
  new MusterError('STORE_LOCKED', `the store in ${directory} is in use by process ${owner.pid}`, {
    hint: `stop that agent (pid ${owner.pid}) first, or give this one its own -data-dir`,
  })

function processStat(pid: number): { readonly state: string; readonly started: string } | undefined {
  const text = readText(`/proc/${pid}/stat`)
  if (text === undefined) return undefined
  // The second field is the program's name in brackets and may hold blanks and brackets itself; the third follows the
  // last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0] ?? '', started: fields[19] ?? '' }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
