import { spawn, type ChildProcess } from '../common/spawn.js'

/** How a program ended. */
export type ChildEnd =
  | { readonly type: 'exit'; readonly code: number }
  | { readonly type: 'signal'; readonly signal: string }
  | { readonly type: 'no-start'; readonly error: Error }

/** A program that runs as part of a command. */
export interface Child {
  readonly ended: Promise<ChildEnd>
  /** Ends the program and all that it has started: SIGTERM, and SIGKILL to what is left after the grace time (ms). */
  stop(grace: number): Promise<void>
}

/** What a program is given. */
export interface ChildOptions {
  /** The words are a command line for the shell ($SHELL, else /bin/sh); false: a program and its arguments. */
  readonly shell: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  /** A text, or `inherit`: what the command itself reads. Nothing when left out. */
  readonly input?: string
  readonly inheritInput?: boolean
  /** Milliseconds that a program may take to end once the command was told to end; what is left of it then is killed. Left out: it is waited for. */
  readonly grace?: number
}

/** Signals by which a command is told to end. */
const ending: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGQUIT']

/** Signals that are meant for the program when the command gets them. */
const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const

/**
 * Starts a program whose output is the command's own. It gets the signals that the command gets, with everything that it has started: it runs
 * in a process group of its own, unless it reads from a terminal, which only the group in front of it may.
 */
export function startChild(words: readonly string[], { shell, env, input, inheritInput = false, grace }: ChildOptions): Child {
  const [program = '', ...rest] = shell ? [env.SHELL === undefined || env.SHELL === '' ? '/bin/sh' : env.SHELL, '-c', words.join(' ')] : words
  const grouped = !(inheritInput && process.stdin.isTTY)
  const child = spawn(program, rest, {
    detached: grouped, env: { ...env }, stdio: [inheritInput ? 'inherit' : input === undefined ? 'ignore' : 'pipe', 'inherit', 'inherit'],
  })
  // A program need not read what it is given.
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(input)
  let last: NodeJS.Timeout | undefined
  const kill = (): void => { send(child, grouped, 'SIGKILL') }
  const tell = (signal: NodeJS.Signals): void => {
    send(child, grouped, signal)
    if (grace !== undefined && ending.includes(signal)) last ??= setTimeout(kill, grace)
  }
  for (const signal of forwarded) process.on(signal, tell)
  const ended = new Promise<ChildEnd>(resolve => {
    child.once('error', error => { if (child.pid === undefined) resolve({ type: 'no-start', error }) })
    child.once('exit', (code, signal) => { resolve(code === null ? { type: 'signal', signal: signal ?? 'unknown' } : { type: 'exit', code }) })
  }).finally(() => {
    for (const signal of forwarded) process.off(signal, tell)
    clearTimeout(last)
    // What the program has left behind in its group would go on without the command.
    if (last !== undefined && grouped) kill()
  })
  return {
    ended,
    stop: async within => {
      send(child, grouped, 'SIGTERM')
      last ??= setTimeout(kill, within)
      await ended
    },
  }
}

function send(child: ChildProcess, grouped: boolean, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(grouped ? -child.pid : child.pid, signal)
  } catch {
    // It is gone already.
  }
}

/** How a program ended, in the words that Go has for it; undefined for success. */
export function failureOf(end: ChildEnd): string | undefined {
  if (end.type === 'no-start') return end.error.message
  if (end.type === 'signal') return `signal: ${end.signal}`
  return end.code === 0 ? undefined : `exit status ${end.code}`
}
