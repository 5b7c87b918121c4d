import { flagValue } from '../../common/flags.js'
import { Client } from '../client.js'
import { clientFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import { formatFlag, printJson, wantsJson } from '../format.js'
import { table } from '../table.js'

interface Service { readonly ID: string; readonly Service: string; readonly Address: string; readonly Port: number; readonly Tags: readonly string[]; readonly Origin: string }
interface Check { readonly ServiceID: string; readonly Status: string }

const severity: readonly string[] = ['passing', 'warning', 'critical']

/** `muster services list`. */
export const command: Command = {
  usage: 'services list [options]',
  description: 'Lists the services of the agent: what they are, how their checks stand, and who declared them (a file at a line, or the API).',
  examples: [
    ['muster services list', 'a table'],
    ['muster services list -format=json', 'for scripts'],
  ],
  flags: [
    formatFlag,
    { name: 'filter', type: 'string', placeholder: 'EXPRESSION', help: 'only services for which the expression holds' },
    ...clientFlags,
  ],
  async run(flags, io) {
    const json = wantsJson(flags)
    const client = await Client.connect(flags, io)
    const [services, checks] = await Promise.all([
      client.get<Record<string, Service>>('/v1/agent/services', { filter: flagValue(flags, 'filter') }),
      client.get<Record<string, Check>>('/v1/agent/checks'),
    ])
    const rows = Object.values(services).sort((a, b) => a.ID < b.ID ? -1 : 1)
      .map(service => ({ ...service, Status: statusOf(service.ID, Object.values(checks)) }))
    if (json) printJson(io, rows)
    else if (rows.length === 0) io.err('No services are registered with this agent.\n')
    else {
      io.out(table([
        ['ID', 'Service', 'Address', 'Status', 'Tags', 'Origin'],
        ...rows.map(row => [row.ID, row.Service, `${row.Address}:${row.Port}`, row.Status, row.Tags.join(',') || '-', row.Origin]),
      ]))
    }
    return 0
  },
}

/** The worst of the service's checks and the node's; a service without any is passing. */
function statusOf(id: string, checks: readonly Check[]): string {
  const worst = checks.filter(check => check.ServiceID === id || check.ServiceID === '').map(check => severity.indexOf(check.Status))
  return severity[Math.max(0, ...worst)] ?? 'passing'
}
