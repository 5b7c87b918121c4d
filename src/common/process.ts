import { spawn, type ChildProcess } from './spawn.js'
import { TailBuffer } from './tail-buffer.js'
import { withDeadline } from './with-deadline.js'

/** How a child process ended, and the last of what it wrote to stdout and stderr together. */
export interface ProcessEnd {
  readonly output: TailBuffer
  readonly how:
    | { readonly type: 'exit'; readonly code: number }
    | { readonly type: 'signal'; readonly signal: string }
    | { readonly type: 'no-start'; readonly error: Error }
    | { readonly type: 'timeout' | 'aborted' }
}

/** How long a program may run, how much of its output is kept, and what it is given. */
export interface ProcessLimits {
  readonly signal: AbortSignal
  /** Milliseconds. */
  readonly timeout: number
  /** Bytes. */
  readonly outputMaxSize: number
  /** What it reads on standard input; nothing when left out. */
  readonly input?: string
  /** Its environment; this process's when left out. */
  readonly env?: NodeJS.ProcessEnv
}

/**
 * Runs a program without a shell in a process group of its own, by default with this process's environment. On timeout
 * or abort the whole group gets SIGKILL, so its children die too, and the promise resolves after the program is gone.
 * It has ended when it exited and nobody holds its output any more, so a child left behind in the background counts as
 * still running.
 */
export async function runProcess(args: readonly string[], limits: ProcessLimits): Promise<ProcessEnd> {
  const { input, env = process.env } = limits
  const output = new TailBuffer(limits.outputMaxSize)
  let child: ChildProcess
  try {
    child = spawn(args[0] ?? '', args.slice(1), {
      detached: true,
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      env,
    })
  } catch (error) {
    return { output, how: { type: 'no-start', error: error instanceof Error ? error : new Error(String(error)) } }
  }
  const exited = new Promise<void>(resolve => {
    child.once('exit', () => {
      resolve()
    })
    child.once('error', () => {
      resolve()
    })
  })
  const keep = (chunk: Buffer): void => {
    output.push(chunk)
  }
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  // The program may exit without reading its input.
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(input)
  const ended = await withDeadline<ProcessEnd['how']>(limits.signal, limits.timeout, done => {
    child.once('error', error => {
      if (child.pid === undefined) done({ type: 'no-start', error })
    })
    child.once('close', (code, signal) => {
      done(code === null ? { type: 'signal', signal: signal ?? 'unknown' } : { type: 'exit', code })
    })
    return () => undefined
  })
  if (typeof ended !== 'string') return { output, how: ended }
  killGroup(child)
  await exited
  // A grandchild that left the group may hold the pipes open for ever.
  child.stdout?.destroy()
  child.stderr?.destroy()
  return { output, how: { type: ended } }
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // The process group has ended already.
    child.kill('SIGKILL')
  }
}
