import fs from 'node:fs'
import { basename } from 'node:path'
import { MusterError, errorMessage } from '../common/errors.js'
import { readSmallFile } from '../common/small-files.js'

/**
 * Writes this process's id into the file and returns what removes it again.
 * @throws MusterError PID_FILE when it cannot be written, or names another agent that still runs.
 */
export function writePidFile(path: string): () => void {
  const owner = runningOwner(path)
  if (owner !== undefined) {
    throw new MusterError(
      'PID_FILE',
      `the pid file ${path} belongs to the agent with process id ${owner}, which is running`,
      { hint: 'stop that agent, or give this one another -pid-file' },
    )
  }
  try {
    fs.writeFileSync(path, `${process.pid}\n`)
  } catch (error) {
    throw new MusterError('PID_FILE', `cannot write the pid file ${path}: ${errorMessage(error)}`, { cause: error })
  }
  return () => {
    if (readPid(path) === process.pid) fs.rmSync(path, { force: true })
  }
}

/**
 * The agent that wrote the file, if it runs. After a crash and a restart of the machine the same number may be any
 * other program: that one is no owner, or this agent would not come up again. The data directory has its own lock.
 */
function runningOwner(path: string): number | undefined {
  const pid = readPid(path)
  return pid !== undefined && pid !== process.pid && isAgent(pid) ? pid : undefined
}

function readPid(path: string): number | undefined {
  const pid = Number(textOf(path)?.trim())
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined
}

/** @throws MusterError NOT_A_FILE: writing to a pipe would wait for ever */
function textOf(path: string): string | undefined {
  try {
    return readSmallFile(path)
  } catch (error) {
    if (error instanceof MusterError) throw error
    return undefined
  }
}

/**
 * Whether a process was started as this one was: the same program, with the word agent. False where the system does not
 * say.
 */
function isAgent(pid: number): boolean {
  const words = readText(`/proc/${pid}/cmdline`)?.split('\0') ?? []
  return words.includes('agent') && words.some(word => basename(word) === basename(process.argv[1] ?? ''))
}

function readText(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
