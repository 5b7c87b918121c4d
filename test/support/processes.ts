import fs from 'node:fs'

/** Running programs whose command line names a directory (or anything below it): process ids. */
export function processesOf(directory: string, program?: string): number[] {
  return fs
    .readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => {
      if (pid === process.pid) return false
      const [command = '', ...args] = words(pid)
      if (program !== undefined && !command.endsWith(program)) return false
      return args.some(arg => arg.includes(directory))
    })
}

/** Ends processes at once, those that are gone already included. */
export function killAll(pids: readonly number[], signal: NodeJS.Signals = 'SIGKILL'): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal)
    } catch {
      // It went by itself.
    }
  }
}

/** Whether there is a process of that id. */
export const isRunning = (pid: number): boolean => fs.existsSync(`/proc/${pid}`)

function words(pid: number): string[] {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return []
  }
}
