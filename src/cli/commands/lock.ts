import { posix } from 'node:path'
import { MusterError, errorMessage } from '../../common/errors.js'
import { parseDuration } from '../../common/duration.js'
import { flagIsSet, flagValue, type ParsedFlags } from '../../common/flags.js'
import { failureOf, startChild } from '../child.js'
import { Client } from '../client.js'
import { clientFlags, serverFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import type { Io } from '../io.js'
import { untilLost } from '../lock/monitor.js'
import { Mutex } from '../lock/mutex.js'
import { Semaphore } from '../lock/semaphore.js'
import { createSession, type LockSession } from '../lock/session.js'
import type { Lock } from '../lock/types.js'

/**
 * Signals that tell the command to end. While the program runs they are its own as well, and what SIGHUP means is for
 * it to say.
 */
const endings = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

/** What a timer of Node.js takes; a longer one would be over at once. It is 24 days. */
const maxTimer = 2 ** 31 - 1

/** `muster lock`. */
export const command: Command = {
  usage: 'lock [options] PREFIX PROGRAM...',
  description:
    "Runs a program while holding a lock in the KV store, at PREFIX/.lock: on any number of machines, one of them runs it at a time (or -n of them). When the lock is lost the program gets SIGTERM; signals that the command gets are passed to it. A program that has not ended 5 s after SIGTERM, SIGINT or SIGQUIT gets SIGKILL, with all that it has started, and the lock is given back. Locks of Consul's own tools are the same locks.",
  examples: [
    ['muster lock jobs/nightly ./backup.sh', 'one backup at a time'],
    ['muster lock -n=3 -timeout=10s jobs/report ./report.sh', 'up to three; give up after 10 s'],
    ['muster lock -child-exit-code -shell=false app/leader /usr/bin/app -serve', 'exit with 2 when the program fails'],
  ],
  flags: [
    { name: 'n', type: 'int', help: 'how many may hold the lock (default 1)' },
    {
      name: 'name',
      type: 'string',
      placeholder: 'NAME',
      help: 'name of the session (default: what is run, and where)',
    },
    {
      name: 'timeout',
      aliases: ['try'],
      type: 'string',
      placeholder: 'DURATION',
      help: 'how long to wait for the lock (default 0: without end)',
    },
    {
      name: 'monitor-retry',
      type: 'int',
      help: 'how often to ask again for a lock that cannot be asked about (default 3)',
    },
    { name: 'pass-stdin', type: 'bool', help: 'let the program read standard input' },
    { name: 'child-exit-code', type: 'bool', help: 'exit with 2 when the program fails' },
    { name: 'shell', type: 'bool', help: 'run the program by a shell (default true)' },
    { name: 'verbose', type: 'bool', help: 'say what is done' },
    ...clientFlags,
    ...serverFlags,
  ],
  runsProgram: true,
  async run(flags, io) {
    const [path, ...words] = flags.positional
    if (path === undefined || words.length === 0)
      throw new MusterError('USAGE', 'Key prefix and child command must be specified')
    const prefix = cleanPrefix(path)
    if (prefix === '') throw new MusterError('USAGE', 'The key prefix must not be empty')
    const limit = Number(flagValue(flags, 'n') ?? '1')
    if (limit < 1) throw new MusterError('USAGE', `Lock holder limit must be positive, found -n=${limit}`)
    const retries = Number(flagValue(flags, 'monitor-retry') ?? '3')
    if (retries < 0) throw new MusterError('USAGE', `Number for 'monitor-retry' must be >= 0, found ${retries}`)
    const client = await Client.connect(flags, io)
    const given = flagValue(flags, 'name') ?? ''
    const name = given === '' ? `Consul lock for '${words.join(' ')}' at '${prefix}'` : given
    const waiting = waitSignal(flags)
    let session: LockSession | undefined
    try {
      session = await createSession(client, name, limit === 1 ? 'release' : 'delete', waiting.signal)
      const lock =
        limit === 1 ? new Mutex(client, prefix, session.id) : new Semaphore(client, prefix, session.id, limit)
      return await runHolding(lock, session, words, { flags, io, waiting, limit, prefix, retries })
    } catch (error) {
      if (session !== undefined || !waiting.signal.aborted) throw error
      return notHeld(io)
    } finally {
      await session?.close().catch((error: unknown) => {
        io.err(`the session ends by itself: ${errorMessage(error)}\n`)
      })
      waiting.release()
    }
  },
}

/** The prefix as Consul's tools clean it, so that all mean the same keys: `a//b/` and `a/x/../b` are `a/b`. */
const cleanPrefix = (given: string): string => posix.normalize(`/${given}`).replace(/^\/+|\/+$/g, '')

interface Waiting {
  /** Aborted when the time to wait for the lock is over, or someone wants the command to end. */
  readonly signal: AbortSignal
  /** The lock is held: there is time without end. */
  held(): void
  /** The command is over: from now on signals end the process as they end any other. */
  release(): void
}

/** From here to the end no signal ends the process with the lock still held. */
function waitSignal(flags: ParsedFlags): Waiting {
  const text = flagValue(flags, 'timeout')
  const timeout = text === undefined ? undefined : parseDuration(text)
  if (text !== undefined && timeout === undefined)
    throw new MusterError('USAGE', `-timeout: "${text}" is not a duration`, { hint: 'write e.g. 10s' })
  if (timeout !== undefined && timeout < 0)
    throw new MusterError('USAGE', `Timeout must be positive, found ${text}`, {
      hint: 'write e.g. 10s, or 0 to wait without end',
    })
  const stopped = new AbortController()
  const stop = (): void => {
    stopped.abort()
  }
  for (const signal of endings) process.on(signal, stop)
  const timer = timeout === undefined || timeout === 0 ? undefined : setTimeout(stop, Math.min(timeout, maxTimer))
  const held = (): void => {
    clearTimeout(timer)
  }
  const release = (): void => {
    held()
    for (const signal of endings) process.off(signal, stop)
  }
  return { signal: stopped.signal, held, release }
}

function notHeld(io: Io): number {
  io.err('Shutdown triggered or timeout during lock acquisition\n')
  return 1
}

interface Run {
  readonly flags: ParsedFlags
  readonly io: Io
  readonly waiting: Waiting
  /** How many may hold the lock. */
  readonly limit: number
  readonly prefix: string
  /** How often a lock that cannot be asked about is asked about again. */
  readonly retries: number
}

async function runHolding(
  lock: Lock,
  session: LockSession,
  words: readonly string[],
  { flags, io, waiting, limit, prefix, retries }: Run,
): Promise<number> {
  const say = (text: string): void => {
    if (flagIsSet(flags, 'verbose')) io.out(`${text}\n`)
  }
  say(
    limit === 1 ? `Setting up lock at path: ${lock.key}` : `Setting up semaphore (limit ${limit}) at prefix: ${prefix}`,
  )
  say('Attempting lock acquisition')
  const enough = AbortSignal.any([waiting.signal, session.lost])
  const taken = await acquired(lock, enough)
  // The lock may be taken just after a signal to stop: do not start the program, since it would not receive that
  // signal.
  if (!taken || enough.aborted) {
    if (taken) await lock.release()
    await cleanUp(lock, say)
    return notHeld(io)
  }
  waiting.held()
  const finished = new AbortController()
  const lost = untilLost(lock, retries, AbortSignal.any([finished.signal, session.lost])).then(
    result => result || session.lost.aborted,
  )
  say('Starting handler')
  const child = startChild(words, {
    shell: flagValue(flags, 'shell') === undefined || flagIsSet(flags, 'shell'),
    inheritInput: flagIsSet(flags, 'pass-stdin'),
    env: { ...io.env, CONSUL_LOCK_HELD: 'true' },
  })
  const first = await Promise.race([child.ended, lost.then(() => 'lost' as const)])
  if (first === 'lost') {
    io.err('Lock lost, killing child\n')
    await child.stop()
    return 1
  }
  finished.abort()
  const failure = failureOf(first)
  if (failure !== undefined) io.err(`Error running handler: ${failure}\n`)
  say('Child terminated, releasing lock')
  await lock.release()
  await cleanUp(lock, say)
  return failure !== undefined && flagIsSet(flags, 'child-exit-code') ? 2 : 0
}

async function acquired(lock: Lock, signal: AbortSignal): Promise<boolean> {
  try {
    return await lock.acquire(signal)
  } catch (error) {
    if (signal.aborted) return false
    throw error
  }
}

async function cleanUp(lock: Lock, say: (text: string) => void): Promise<void> {
  say((await lock.cleanup()) ? 'Cleanup succeeded' : 'Cleanup aborted, lock in use')
}
