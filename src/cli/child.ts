import { spawn, type ChildProcess } from '../common/spawn.js'
import { commandClock } from '../common/clock.js'
import { pause } from '../common/pause.js'

/** How a program ended. */
export type ChildEnd =
  | { readonly type: 'exit'; readonly code: number }
  | { readonly type: 'signal'; readonly signal: string }
  | { readonly type: 'no-start'; readonly error: Error }

/** A program that runs as part of a command. */
export interface Child {
  /**
   * Resolves when the program has ended; once the command has been told to end, when all that the program has started
   * is gone as well.
   */
  readonly ended: Promise<ChildEnd>
  /** Whether the command was told to end while the program ran. */
  readonly wasTold: () => boolean
  /** Ends the program and all that it has started, as when the command is told to end. */
  stop(): Promise<void>
}

/** What a program is given. */
export interface ChildOptions {
  /** The words are a command line for the shell ($SHELL, else /bin/sh); false: a program and its arguments. */
  readonly shell: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  /** A text, or `inherit`: what the command itself reads. Nothing when left out. */
  readonly input?: string
  readonly inheritInput?: boolean
  /**
   * How long the program and all that it has started may take to end once it was told to, in ms: then it gets SIGKILL.
   */
  readonly grace?: number
}

/** How long a program may take to end, in ms, unless told otherwise: as long as Consul's tools give it. */
const usualGrace = 5000

/** Signals that are meant for the program when the command gets them. */
const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const
/**
 * Those of them that tell a command to end. Programs take SIGHUP for a wish to read their files again, and the like.
 */
const ending: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGQUIT']

/**
 * Starts a program whose output is the command's own. It gets the signals that the command gets, with everything that
 * it has started: it runs in a process group of its own, unless it reads from a terminal, which only the group in front
 * of it may. What ignores that it was told to end is killed after the grace time.
 */
export function startChild(
  words: readonly string[],
  { shell, env, input, inheritInput = false, grace = usualGrace }: ChildOptions,
): Child {
  const [program = '', ...rest] = shell
    ? [env.SHELL === undefined || env.SHELL === '' ? '/bin/sh' : env.SHELL, '-c', words.join(' ')]
    : words
  const grouped = !(inheritInput && process.stdin.isTTY)
  const child = spawn(program, rest, {
    detached: grouped,
    env: { ...env },
    stdio: [inheritInput ? 'inherit' : input === undefined ? 'ignore' : 'pipe', 'inherit', 'inherit'],
  })
  // The program may exit without reading its input.
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(input)
  let timer: NodeJS.Timeout | undefined
  let killed = false
  const tell = (signal: NodeJS.Signals): void => {
    send(child, grouped, signal)
    if (ending.includes(signal))
      timer ??= setTimeout(() => {
        killed = send(child, grouped, 'SIGKILL')
      }, grace)
  }
  for (const signal of forwarded) process.on(signal, tell)
  const ended = new Promise<ChildEnd>(resolve => {
    child.once('error', error => {
      if (child.pid === undefined) resolve({ type: 'no-start', error })
    })
    child.once('exit', (code, signal) => {
      resolve(code === null ? { type: 'signal', signal: signal ?? 'unknown' } : { type: 'exit', code })
    })
  })
    .then(async end => {
      // A shell exits at once on the signal, but its children may still run: wait for the whole group.
      while (timer !== undefined && grouped && !killed && send(child, grouped, 0)) await pause(commandClock, groupPoll)
      return end
    })
    .finally(() => {
      clearTimeout(timer)
      for (const signal of forwarded) process.off(signal, tell)
    })
  return {
    ended,
    wasTold: () => timer !== undefined,
    stop: async () => {
      tell('SIGTERM')
      await ended
    },
  }
}

/** Milliseconds between checks whether a process group has ended, since the system does not signal that. */
const groupPoll = 20

/** Sends a signal (0: none, only looks) to a program, or to all of its group; false when nobody is there to get it. */
function send(child: ChildProcess, grouped: boolean, signal: NodeJS.Signals | 0): boolean {
  if (child.pid === undefined) return false
  try {
    return process.kill(grouped ? -child.pid : child.pid, signal)
  } catch {
    return false
  }
}

/** How a program ended, in the words that Go has for it; undefined for success. */
export function failureOf(end: ChildEnd): string | undefined {
  if (end.type === 'no-start') return end.error.message
  if (end.type === 'signal') return `signal: ${end.signal}`
  return end.code === 0 ? undefined : `exit status ${end.code}`
}
