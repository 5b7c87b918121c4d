import fs from 'node:fs'
import { MusterError, errorCode, errorMessage } from '../common/errors.js'

/**
 * Writes this process's id into the file and returns what removes it again.
 * @throws MusterError PID_FILE when it cannot be written, or names a process that still runs.
 */
export function writePidFile(path: string): () => void {
  const owner = runningOwner(path)
  if (owner !== undefined) {
    throw new MusterError('PID_FILE', `the pid file ${path} belongs to process ${owner}, which is running`, { hint: 'stop that agent, or give this one another -pid-file' })
  }
  try {
    fs.writeFileSync(path, `${process.pid}\n`)
  } catch (error) {
    throw new MusterError('PID_FILE', `cannot write the pid file ${path}: ${errorMessage(error)}`, { cause: error })
  }
  return () => { fs.rmSync(path, { force: true }) }
}

function runningOwner(path: string): number | undefined {
  let text: string
  try {
    text = fs.readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
  const pid = Number(text.trim())
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return undefined
  try {
    process.kill(pid, 0)
    return pid
  } catch (error) {
    return errorCode(error) === 'EPERM' ? pid : undefined
  }
}
