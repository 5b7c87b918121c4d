import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { Clock } from '../common/clock.js'
import { errorMessage } from '../common/errors.js'
import { spawn, type ChildProcess } from '../common/spawn.js'
import { JobOutput } from './job-output.js'
import type { Work } from './job.js'

/** The exit code of a program that could not be started, as Consul has it. */
const notStarted = 255
/** What shells add to the number of the signal that ended a program. */
const bySignal = 128

/** A program that runs for someone elsewhere. */
export interface JobProcess {
  /** The next piece of its output, see {@link JobOutput.next}. It waits while too little is taken. */
  next(ms: number): Promise<Buffer | undefined>
  /** Its exit code, once nothing more comes of it. */
  readonly ended: Promise<number>
  /** Ends it with everything that it has started, at once. Resolves when it is gone. */
  kill(): Promise<void>
}

/**
 * Starts what a job asks for, with this process's environment, in a process group of its own. Never rejects: what
 * cannot be started says so in its output.
 */
export async function startJob(work: Work, clock: Clock): Promise<JobProcess> {
  const output = new JobOutput(clock)
  let folder: string | undefined
  try {
    if (work.type === 'script') folder = await fs.mkdtemp(path.join(os.tmpdir(), 'muster-exec-'))
    const [program = '', ...args] = await wordsOf(work, folder ?? '')
    return running(spawn(program, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] }), output, folder)
  } catch (error) {
    await removed(folder)
    output.push(Buffer.from(`cannot be started: ${errorMessage(error)}\n`))
    output.end()
    return { next: ms => output.next(ms), ended: Promise.resolve(notStarted), kill: () => Promise.resolve() }
  }
}

function running(child: ChildProcess, output: JobOutput, folder: string | undefined): JobProcess {
  const streams = [child.stdout, child.stderr]
  const take = (chunk: Buffer): void => {
    output.push(chunk)
    if (output.full) for (const stream of streams) stream?.pause()
  }
  for (const stream of streams) stream?.on('data', take)
  const gone = new Promise<void>(resolve => {
    child.once('exit', () => {
      resolve()
    })
    child.once('error', () => {
      resolve()
    })
  })
  const ended = new Promise<number>(resolve => {
    child.once('error', error => {
      if (child.pid !== undefined) return
      output.push(Buffer.from(`cannot be started: ${error.message}\n`))
      resolve(notStarted)
    })
    // Wait for "close" instead of "exit": processes that the program left in the background still write to its output.
    child.once('close', (code, signal) => {
      resolve(code ?? bySignal + (signal === null ? 0 : os.constants.signals[signal]))
    })
  }).finally(async () => {
    output.end()
    await removed(folder)
  })
  return {
    ended,
    next: async ms => {
      const piece = await output.next(ms)
      if (!output.full) for (const stream of streams) stream?.resume()
      return piece
    },
    kill: async () => {
      killGroup(child)
      await gone
      // A process that left the group could keep the pipes open for ever.
      for (const stream of streams) stream?.destroy()
      await ended
    },
  }
}

/** A script becomes a file in a folder of this user's alone. One without a `#!` line is the shell's. */
async function wordsOf(work: Work, folder: string): Promise<readonly string[]> {
  if (work.type === 'program') return work.args
  const { SHELL = '' } = process.env
  if (work.type === 'command') return [SHELL === '' ? '/bin/sh' : SHELL, '-c', work.line]
  const file = path.join(folder, 'script')
  await fs.writeFile(file, work.text, { mode: 0o700 })
  return [file]
}

const removed = async (folder: string | undefined): Promise<void> => {
  if (folder !== undefined) await fs.rm(folder, { recursive: true, force: true }).catch(() => undefined)
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // The process group has ended already.
  }
}
