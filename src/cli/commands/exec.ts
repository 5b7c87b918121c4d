import { text } from 'node:stream/consumers'
import { MusterError, errorMessage } from '../../common/errors.js'
import { parseDuration } from '../../common/duration.js'
import { limitedSignal } from '../../common/limited-signal.js'
import { flagIsSet, flagValue, type ParsedFlags } from '../../common/flags.js'
import { Client } from '../client.js'
import { clientFlags, serverFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import { announceJob, Reports, writeJob, type Job, type Receivers, type Report } from '../exec/job.js'
import type { Io } from '../io.js'
import { kvPath } from '../kv.js'
import { createSession } from '../lock/session.js'
import { commandClock } from '../../common/clock.js'
import { pause } from '../../common/pause.js'

/** `muster exec`. */
export const command: Command = {
  usage: 'exec [options] COMMAND... | -',
  description:
    'Runs a command on the machines of other agents, those with "disable_remote_exec": false, and shows what it prints. With - the script on standard input is run. Exits with 2 when it failed somewhere.',
  examples: [
    ['muster exec uptime', 'everywhere'],
    ['muster exec -service=web -tag=v1 "systemctl restart web"', 'where a service with a tag is'],
    ['muster exec -node="^db" - < backup.sh', 'a script, on nodes of certain names'],
    ['muster exec -datacenter=dc2 uptime', 'in another datacenter'],
  ],
  flags: [
    { name: 'node', type: 'string', placeholder: 'REGEXP', help: 'only nodes whose name matches' },
    { name: 'service', type: 'string', placeholder: 'REGEXP', help: 'only nodes with a service whose name matches' },
    { name: 'tag', type: 'string', placeholder: 'REGEXP', help: 'only those with a matching tag; needs -service' },
    {
      name: 'prefix',
      type: 'string',
      placeholder: 'PREFIX',
      help: 'where in the KV store it is kept while it runs (default _rexec)',
    },
    { name: 'shell', type: 'bool', help: 'run the command by a shell (default true)' },
    {
      name: 'wait',
      type: 'string',
      placeholder: 'DURATION',
      help: 'end when nothing is heard for so long (default 2s)',
    },
    {
      name: 'wait-repl',
      type: 'string',
      placeholder: 'DURATION',
      help: 'let the job reach all servers before it is told of (default 200ms)',
    },
    { name: 'verbose', type: 'bool', help: 'say what is done' },
    ...clientFlags,
    ...serverFlags,
  ],
  runsProgram: true,
  async run(flags, io) {
    const prefix = (flagValue(flags, 'prefix') ?? '_rexec').replace(/^\/+|\/+$/g, '')
    const to = receivers(flags)
    const wait = duration(flags, 'wait', '2s')
    const replication = duration(flags, 'wait-repl', '200ms')
    const job = await jobOf(flags, io, wait)
    const client = await Client.connect(flags, io)
    const session = await createSession(client, 'Remote Exec via muster exec', 'delete', io.interrupted)
    const say = (line: string): void => {
      if (flagIsSet(flags, 'verbose')) io.out(`${line}\n`)
    }
    const begun = performance.now()
    try {
      say(`Created remote execution session: ${session.id}`)
      const place = { prefix, session: session.id }
      await writeJob(client, place, job)
      await pause(commandClock, replication, io.interrupted)
      // The event has not been sent yet, so nothing runs.
      if (io.interrupted.aborted) return 1
      say(`Fired remote execution event: ${await announceJob(client, place, to)}`)
      const code = await follow(new Reports(client, place), wait, { io, say })
      say(`Completed in ${((performance.now() - begun) / 1000).toFixed(2)} seconds`)
      return code
    } finally {
      await session.close().catch((error: unknown) => {
        io.err(`Failed to destroy session: ${errorMessage(error)}\n`)
      })
      await client.request('DELETE', kvPath(`${prefix}/${session.id}/`), { recurse: '' }).catch((error: unknown) => {
        io.err(`Failed to clean up: ${errorMessage(error)}\n`)
      })
    }
  },
}

function receivers(flags: ParsedFlags): Receivers {
  const to = {
    node: flagValue(flags, 'node') ?? '',
    service: flagValue(flags, 'service') ?? '',
    tag: flagValue(flags, 'tag') ?? '',
  }
  if (to.tag !== '' && to.service === '')
    throw new MusterError('USAGE', 'Cannot provide tag filter without service filter.')
  for (const [name, pattern] of Object.entries(to)) {
    try {
      new RegExp(pattern)
    } catch {
      throw new MusterError('USAGE', `-${name}: "${pattern}" is not a regular expression`)
    }
  }
  return to
}

function duration(flags: ParsedFlags, name: string, otherwise: string): number {
  const given = flagValue(flags, name) ?? otherwise
  const read = parseDuration(given)
  if (read === undefined || read <= 0) throw new MusterError('USAGE', `-${name}: "${given}" is not a duration above 0`)
  return read
}

const nanoseconds = 1e6

async function jobOf(flags: ParsedFlags, io: Io, wait: number): Promise<Job> {
  const words = flags.positional
  if (words.length === 0) throw new MusterError('USAGE', 'Must specify a command to execute')
  const shell = flagValue(flags, 'shell') === undefined || flagIsSet(flags, 'shell')
  const script = words.length === 1 && words[0] === '-' ? await text(io.stdin) : undefined
  if (script?.trim() === '') throw new MusterError('USAGE', 'The script on standard input is empty')
  return {
    Command: shell && script === undefined ? words.join(' ') : '',
    Args: shell || script !== undefined ? [] : words,
    Script: script === undefined ? null : Buffer.from(script).toString('base64'),
    Wait: wait * nanoseconds,
  }
}

interface Telling {
  readonly io: Io
  readonly say: (line: string) => void
}

/** Shows reports until there is none for the waiting time, or for twice that while an acknowledged job still runs. */
async function follow(reports: Reports, wait: number, { io, say }: Telling): Promise<number> {
  const acknowledged = new Set<string>()
  const exits = new Map<string, number>()
  const tell = (report: Report): void => {
    if (report.kind === 'ack') {
      acknowledged.add(report.node)
      say(`==> ${report.node}: acknowledged`)
    } else if (report.kind === 'exit') {
      exits.set(report.node, report.code)
      io.out(`==> ${report.node}: finished with exit code ${report.code}\n`)
    } else if (report.text === '') say(`==> ${report.node}: heartbeat received`)
    else
      io.out(
        report.text
          .split('\n')
          .map(line => `    ${report.node}: ${line}\n`)
          .join(''),
      )
  }
  let heard = performance.now()
  for (;;) {
    const waitMs = acknowledged.size > exits.size ? 2 * wait : wait
    const { signal: silence, release } = limitedSignal(io.interrupted, Math.max(0, heard + waitMs - performance.now()))
    try {
      const fresh = await reports.next(silence)
      // A blocking query that times out does not count as a sign of life.
      if (fresh.length > 0) heard = performance.now()
      fresh.forEach(tell)
    } catch (error) {
      if (silence.aborted) break
      throw error
    } finally {
      release()
    }
  }
  io.out(`${exits.size} / ${acknowledged.size} node(s) completed / acknowledged\n`)
  if (io.interrupted.aborted) return 1
  return exits.size === acknowledged.size && [...exits.values()].every(code => code === 0) ? 0 : 2
}
