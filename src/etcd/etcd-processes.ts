import { readdirSync, readFileSync } from 'node:fs'
import type { Clock } from '../common/clock.js'
import { systemProcesses } from '../store/index.js'
import { dataFolder } from './arguments.js'

/**
 * An etcd process of a directory, started by this agent or by one before. `started` tells it from a later process with
 * the same id.
 */
export interface FoundEtcd {
  readonly pid: number
  readonly started: string
  readonly args: readonly string[]
  /** Port of the proxy that it was started with. */
  readonly proxyPort: number | undefined
}

/** Identifies a process: its pid may be reused. */
type ProcessIdentity = Pick<FoundEtcd, 'pid' | 'started'>

/** Milliseconds between two looks at a process that is not our child. */
const lookIntervalMs = 100

/**
 * The etcd processes that work on a directory, found by their command lines. The system's own list is the truth: it
 * holds also one whose agent was killed right after starting it, and never a recycled process id. Empty where there is
 * no /proc. Only leaders of a process group count, as every etcd is started as one.
 */
export function findEtcds(directory: string): readonly FoundEtcd[] {
  const flag = `--data-dir=${dataFolder(directory)}`
  return list('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .flatMap(pid => {
      const args = read(`/proc/${pid}/cmdline`).split('\0').slice(1, -1)
      const started = systemProcesses.started(pid)
      if (!args.includes(flag) || started === undefined || !systemProcesses.lives(pid) || !isGroupLeader(pid)) return []
      const proxy = /(?:^|\0)HTTP_PROXY=http:\/\/127\.0\.0\.1:(\d+)(?:\0|$)/.exec(read(`/proc/${pid}/environ`))
      return [{ pid, started, args, proxyPort: proxy === null ? undefined : Number(proxy[1]) }]
    })
}

/** Whether that very process still runs. */
const isAlive = ({ pid, started }: ProcessIdentity): boolean =>
  systemProcesses.lives(pid) && (started === '' || systemProcesses.started(pid) === started)

/** Resolves when that process is gone. */
export const untilGone = (etcd: ProcessIdentity, clock: Clock): Promise<void> =>
  new Promise(resolve => {
    const look = (): void => {
      if (isAlive(etcd)) clock.after(lookIntervalMs, look)
      else resolve()
    }
    look()
  })

/** Sends a signal to the process and its children. Does nothing if it has ended. */
export function signalEtcd(etcd: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isAlive(etcd)) return
  try {
    process.kill(-etcd.pid, signal)
  } catch {
    // The process ended in the meantime.
  }
}

function isGroupLeader(pid: number): boolean {
  const stat = read(`/proc/${pid}/stat`)
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2] === String(pid)
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    // The process belongs to another user, or has ended.
    return ''
  }
}
