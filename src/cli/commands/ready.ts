import { commandClock } from '../../common/clock.js'
import { MusterError, errorMessage } from '../../common/errors.js'
import { flagValue } from '../../common/flags.js'
import { parseDuration } from '../../common/duration.js'
import { pause } from '../../common/pause.js'
import { fieldsOf } from '../../common/plain-data.js'
import { Client } from '../client.js'
import { clientFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import { consulVersion } from '../consul-agent.js'

// Short enough that a start of a few hundred milliseconds is not rounded up, long enough to cost nothing.
const pauseBetweenTries = 25

/** The messages for an agent that has reached a level, and for one that has not. */
const levels: ReadonlyMap<string, { readonly yes: string; readonly no: string }> = new Map([
  ['started', { yes: 'has started', no: 'has not started' }],
  ['serving', { yes: 'is serving', no: 'is not serving' }],
  ['writable', { yes: 'is ready', no: 'is not ready' }],
])

/** `muster ready`. */
export const command: Command = {
  usage: 'ready [options]',
  description:
    'Exits with 0 once the agent is ready: a registration made now would be answered. Exits with 1, saying why and what to do, when it is not.',
  examples: [
    ['muster ready', 'is it ready now?'],
    ['muster agent -dev & muster ready -wait=10s', 'start one and go on when it answers'],
    ['muster ready -level=started', 'does it run, with or without the other servers? For service managers'],
    ['muster ready -level=serving', 'do DNS and stale reads answer?'],
  ],
  flags: [
    { name: 'wait', type: 'string', placeholder: 'DURATION', help: 'how long to wait for it (default 0s: ask once)' },
    {
      name: 'level',
      type: 'string',
      placeholder: 'started|serving|writable',
      help: 'how far it has to have come (default writable)',
    },
    { name: 'quiet', type: 'bool', help: 'say nothing, only exit' },
    ...clientFlags,
  ],
  async run(flags, io) {
    const text = flagValue(flags, 'wait') ?? '0s'
    const wait = parseDuration(text)
    if (wait === undefined || wait < 0)
      throw new MusterError('USAGE', `-wait: "${text}" is not a duration`, { hint: 'write 10s, 1m30s or 500ms' })
    const level = flagValue(flags, 'level') ?? 'writable'
    const words = levels.get(level)
    if (words === undefined)
      throw new MusterError('USAGE', `-level: "${level}" is no level of readiness`, {
        hint: `write ${[...levels.keys()].join(', ')}`,
      })
    const client = await Client.connect(flags, io)
    const quiet = flagValue(flags, 'quiet') === 'true'
    const until = performance.now() + wait
    let answer = await ask(client, level)
    while (answer !== 'ready' && performance.now() < until && !io.interrupted.aborted) {
      await pause(commandClock, pauseBetweenTries, io.interrupted)
      answer = await ask(client, level)
    }
    if (!quiet && answer === 'ready') io.out(`The agent ${words.yes}.\n`)
    if (!quiet && answer !== 'ready') io.err(`The agent ${words.no}: ${answer}\n`)
    return answer === 'ready' ? 0 : 1
  },
}

/** `ready`, or why not. */
async function ask(client: Client, level: string): Promise<string> {
  try {
    const { status, body } = await client.request('GET', '/v1/agent/ready', { level })
    if (status === 200) return 'ready'
    if (status === 404 && (await consulVersion(client)) !== undefined) return await askConsul(client, level)
    return reasonIn(body) ?? (body.trim() === '' ? `it answered ${status}` : body.trim())
  } catch (error) {
    return errorMessage(error)
  }
}

/**
 * Consul's agents have no answer to this: one that answers has started, and with a leader there is somebody to register
 * with.
 */
async function askConsul(client: Client, level: string): Promise<string> {
  if (level !== 'writable' || (await client.get<string>('/v1/status/leader')) !== '') return 'ready'
  return 'it is an agent of Consul, and it knows of no leader'
}

function reasonIn(body: string): string | undefined {
  try {
    const { Reason } = fieldsOf(JSON.parse(body))
    return typeof Reason === 'string' ? Reason : undefined
  } catch {
    return undefined
  }
}
