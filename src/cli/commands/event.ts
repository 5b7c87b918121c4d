import { MusterError } from '../../common/errors.js'
import { flagValue } from '../../common/flags.js'
import { Client, unexpected } from '../client.js'
import { clientFlags, serverFlags } from '../client-settings.js'
import type { Command } from '../command.js'

/** `muster event`. */
export const command: Command = {
  usage: 'event [options] [PAYLOAD]',
  description:
    'Fires an event, which goes to all agents of the datacenter, or to those that the filters let through. "muster watch -type=event" and watches in files react to it.',
  examples: [
    ['muster event -name=deploy 1.4.2', 'with a payload, to all agents'],
    ['muster event -name=restart -service=web -tag=blue', 'to agents that run the service with that tag'],
  ],
  flags: [
    { name: 'name', type: 'string', placeholder: 'NAME', help: 'name of the event (required)' },
    { name: 'node', type: 'string', placeholder: 'REGEXP', help: 'only for agents whose node name matches' },
    {
      name: 'service',
      type: 'string',
      placeholder: 'REGEXP',
      help: 'only for agents that run a service whose id matches',
    },
    { name: 'tag', type: 'string', placeholder: 'REGEXP', help: 'with -service: only where one of its tags matches' },
    ...clientFlags,
    ...serverFlags,
  ],
  async run(flags, io) {
    const name = flagValue(flags, 'name') ?? ''
    const [payload = '', ...more] = flags.positional
    if (name === '') throw new MusterError('USAGE', 'the event needs a name: -name=NAME')
    if (more.length > 0)
      throw new MusterError('USAGE', `too many arguments: ${more.join(' ')}`, {
        hint: 'a payload with spaces is put in quotes',
      })
    const filters = {
      node: flagValue(flags, 'node'),
      service: flagValue(flags, 'service'),
      tag: flagValue(flags, 'tag'),
    }
    if (filters.tag !== undefined && filters.service === undefined)
      throw new MusterError('USAGE', 'Cannot provide tag filter without service filter', {
        hint: 'add -service=REGEXP',
      })
    const client = await Client.connect(flags, io)
    const answer = await client.request('PUT', `/v1/event/fire/${encodeURIComponent(name)}`, filters, payload)
    if (answer.status !== 200) throw unexpected(answer)
    io.out(`Event ID: ${(JSON.parse(answer.body) as { readonly ID: string }).ID}\n`)
    return 0
  },
}
