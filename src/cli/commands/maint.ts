import { MusterError } from '../../common/errors.js'
import { flagIsSet, flagValue } from '../../common/flags.js'
import { Client } from '../client.js'
import { clientFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import { nodeMaintenanceCheckId, serviceMaintenancePrefix } from '../../common/health.js'

interface Check {
  readonly CheckID: string
  readonly Node: string
  readonly ServiceID: string
  readonly Notes: string
}

/** `muster maint`. */
export const command: Command = {
  usage: 'maint [options]',
  description:
    'Puts the node, or one of its services, into maintenance: it stays registered but leaves all answers. Without -enable or -disable lists what is in maintenance.',
  examples: [
    ['muster maint -enable -reason="kernel update"', 'take the whole node out of answers'],
    ['muster maint -disable', 'and back'],
    ['muster maint -enable -service=web1', 'one service only'],
  ],
  flags: [
    { name: 'enable', type: 'bool', help: 'put into maintenance' },
    { name: 'disable', type: 'bool', help: 'end the maintenance' },
    { name: 'reason', type: 'string', placeholder: 'TEXT', help: 'why, for those who look; with -enable' },
    { name: 'service', type: 'string', placeholder: 'ID', help: 'a service of the agent instead of the whole node' },
    ...clientFlags,
  ],
  async run(flags, io) {
    const enable = flagIsSet(flags, 'enable')
    const disable = flagIsSet(flags, 'disable')
    const reason = flagValue(flags, 'reason')
    const service = flagValue(flags, 'service') ?? ''
    if (enable && disable) throw new MusterError('USAGE', 'Only one of -enable or -disable may be provided')
    if (reason !== undefined && !enable) throw new MusterError('USAGE', 'Reason may only be provided with -enable')
    if (service !== '' && !enable && !disable)
      throw new MusterError('USAGE', 'Service requires either -enable or -disable')
    const client = await Client.connect(flags, io)
    if (!enable && !disable) {
      io.out(listing(Object.values(await client.get<Record<string, Check>>('/v1/agent/checks'))))
      return 0
    }
    const path =
      service === '' ? '/v1/agent/maintenance' : `/v1/agent/service/maintenance/${encodeURIComponent(service)}`
    await client.put(path, { enable: String(enable), reason })
    const state = enable ? 'enabled' : 'disabled'
    io.out(
      service === '' ? `Node maintenance is now ${state}\n` : `Service maintenance is now ${state} for "${service}"\n`,
    )
    return 0
  },
}

function listing(checks: readonly Check[]): string {
  return checks
    .map(check => {
      if (check.CheckID === nodeMaintenanceCheckId)
        return `Node:\n  Name:   ${check.Node}\n  Reason: ${check.Notes}\n\n`
      if (check.CheckID.startsWith(serviceMaintenancePrefix))
        return `Service:\n  ID:     ${check.ServiceID}\n  Reason: ${check.Notes}\n\n`
      return ''
    })
    .join('')
}
