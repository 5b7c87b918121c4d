import { readdirSync, readFileSync } from 'node:fs'
import type { Clock } from '../../common/clock.js'
import { systemProcesses } from '../../store/index.js'
import { dataFolder } from './arguments.js'

/**
 * An etcd process of a directory, started by this agent or by one before. `started` tells it from a later process with
 * the same id.
 */
export interface LivingEtcd {
  readonly pid: number
  readonly started: string
  readonly args: readonly string[]
  /** Port of the proxy that it was started with. */
  readonly proxyPort: number | undefined
}

/** How long is waited between two looks at a process that is not our child, in ms. */
const every = 100

/**
 * The etcd processes that work on a directory, found by their command lines. The system's own list is the truth: it
 * holds also one whose agent was killed right after starting it, and never a recycled process id. Empty where there is
 * no /proc. Only leaders of a process group count, as every etcd is started as one.
 */
export function findLiving(directory: string): readonly LivingEtcd[] {
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
const lives = ({ pid, started }: Pick<LivingEtcd, 'pid' | 'started'>): boolean =>
  systemProcesses.lives(pid) && (started === '' || systemProcesses.started(pid) === started)

/** Resolves when that process is gone. */
export const gone = (living: Pick<LivingEtcd, 'pid' | 'started'>, clock: Clock): Promise<void> =>
  new Promise(resolve => {
    const look = (): void => {
      if (lives(living)) clock.after(every, look)
      else resolve()
    }
    look()
  })

/** Sends a signal to the process and those that it may have started; nothing happens when it is gone. */
function signalEtcd(living: Pick<LivingEtcd, 'pid' | 'started'>, signal: NodeJS.Signals): void {
  if (!lives(living)) return
  try {
    process.kill(-living.pid, signal)
  } catch {
    // Gone in between.
  }
}

/**
 * Milliseconds that an etcd gets to end by itself. Handing the leadership over takes less than one election timeout
 * where it succeeds; where all servers stop together it would wait nearly 7 s for it. Ending it then costs nothing:
 * what it has acknowledged is on the disk.
 */
const patience = 3000

/** Asks a process to end, and makes it end when it has not in time. */
export async function endEtcd(living: Pick<LivingEtcd, 'pid' | 'started'>, clock: Clock): Promise<void> {
  signalEtcd(living, 'SIGTERM')
  const last = clock.after(patience, () => {
    signalEtcd(living, 'SIGKILL')
  })
  await gone(living, clock)
  last.cancel()
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
    // Of another user, or gone.
    return ''
  }
}
