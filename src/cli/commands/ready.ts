import { MusterError, errorMessage } from '../../common/errors.js'
import { flagValue } from '../../common/flags.js'
import { parseDuration } from '../../common/duration.js'
import { Client } from '../client.js'
import { clientFlags } from '../client-settings.js'
import type { Command } from '../command.js'

// Short enough that a start of a few hundred milliseconds is not rounded up, long enough to cost nothing.
const pauseBetweenTries = 25

/** `muster ready`. */
export const command: Command = {
  usage: 'ready [options]',
  description: 'Exits with 0 once the agent is ready: a registration made now would be answered. Exits with 1, saying why, when it is not.',
  examples: [
    ['muster ready', 'is it ready now?'],
    ['muster agent -dev & muster ready -wait=10s', 'start one and go on when it answers'],
  ],
  flags: [
    { name: 'wait', type: 'string', placeholder: 'DURATION', help: 'how long to wait for it (default 0s: ask once)' },
    { name: 'quiet', type: 'bool', help: 'say nothing, only exit' },
    ...clientFlags,
  ],
  async run(flags, io) {
    const text = flagValue(flags, 'wait') ?? '0s'
    const wait = parseDuration(text)
    if (wait === undefined || wait < 0) throw new MusterError('USAGE', `-wait: "${text}" is not a duration`, { hint: 'write 10s, 1m30s or 500ms' })
    const client = await Client.connect(flags, io)
    const quiet = flagValue(flags, 'quiet') === 'true'
    const until = performance.now() + wait
    let answer = await ask(client)
    while (answer !== 'ready' && performance.now() < until && !io.interrupted.aborted) {
      await new Promise(resolve => setTimeout(resolve, pauseBetweenTries))
      answer = await ask(client)
    }
    if (!quiet && answer === 'ready') io.out('The agent is ready.\n')
    if (!quiet && answer !== 'ready') io.err(`The agent is not ready: ${answer}\n`)
    return answer === 'ready' ? 0 : 1
  },
}

/** `ready`, or why not. */
async function ask(client: Client): Promise<string> {
  try {
    const { status, body } = await client.request('GET', '/v1/agent/ready')
    if (status === 200) return 'ready'
    return body.trim() === '' ? `it answered ${status}` : body.trim()
  } catch (error) {
    return errorMessage(error)
  }
}
