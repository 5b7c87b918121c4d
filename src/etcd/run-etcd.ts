import { closeSync } from 'node:fs'
import { MusterError } from '../common/errors.js'
import { spawn } from '../common/spawn.js'
import { systemProcesses } from '../store/index.js'
import type { LaunchedProcess, ProcessExit } from './child/runner.js'
import { openLogForWriting } from './log-tail.js'

/**
 * Starts etcd so that it lives on without us: in a session of its own, which neither Ctrl-C nor the end of a terminal
 * reaches, and with a file instead of a pipe for what it says. Rejects ETCD_FAILED when it cannot be started.
 */
export function runEtcd(
  program: string,
  args: readonly string[],
  directory: string,
  env: NodeJS.ProcessEnv,
): Promise<LaunchedProcess> {
  const log = openLogForWriting(directory)
  try {
    const child = spawn(program, args, { cwd: directory, env, detached: true, stdio: ['ignore', log, log] })
    const ended = new Promise<ProcessExit>(resolve => {
      child.once('exit', (code, signal) => {
        resolve({ ...(code !== null && { code }), ...(signal !== null && { signal }) })
      })
    })
    return new Promise((resolve, reject) => {
      child.once('error', cause => {
        reject(new MusterError('ETCD_FAILED', `etcd cannot be started: ${cause.message}`, { cause }))
      })
      child.once('spawn', () => {
        child.unref()
        const pid = child.pid ?? 0
        resolve({ pid, started: systemProcesses.started(pid) ?? '', isAdopted: false, ended })
      })
    })
  } finally {
    closeSync(log)
  }
}
