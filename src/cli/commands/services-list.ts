import { flagValue } from '../../common/flags.js'
import { firstLine } from '../../common/first-line.js'
import { checkText, isMaintenance, type ShownCheck } from '../check-lines.js'
import { Client } from '../client.js'
import { clientFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import { formatFlag, printJson, wantsJson } from '../format.js'
import { statusLayout, table } from '../table.js'

interface Service {
  readonly ID: string
  readonly Service: string
  readonly Address: string
  readonly Port: number
  readonly Tags: readonly string[]
  /** Consul's agents have none. */ readonly Origin?: string
}

const severity: readonly string[] = ['passing', 'warning', 'critical']
const statusColumn = 3

/** `muster services list`. */
export const command: Command = {
  usage: 'services list [options]',
  description:
    'Lists the services of the agent: what they are, how their checks stand, and who declared them (a file at a line, or the API).',
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
      client.get<Record<string, ShownCheck>>('/v1/agent/checks'),
    ])
    const rows = Object.values(services)
      .sort((a, b) => (a.ID < b.ID ? -1 : 1))
      .map(service => ({ ...service, ...standingOf(service.ID, Object.values(checks)) }))
    if (json) printJson(io, rows)
    else if (rows.length === 0) io.err('No services are registered with this agent.\n')
    else {
      const reasons = rows.some(row => row.Reason !== '')
      io.out(
        table(
          [
            ['ID', 'Service', 'Address', 'Status', 'Tags', 'Origin', ...(reasons ? ['Reason'] : [])],
            ...rows.map(row => [
              row.ID,
              row.Service,
              `${row.Address}:${row.Port}`,
              row.Status,
              row.Tags.join(',') || '-',
              row.Origin ?? '-',
              ...(reasons ? [row.Reason || '-'] : []),
            ]),
          ],
          statusLayout(io, statusColumn),
        ),
      )
    }
    return 0
  },
}

/**
 * How a service stands, by its own checks and the node's: the worst of them, and the reason where that is not passing.
 * A maintenance comes before checks that are critical too: somebody has asked for it. A service without checks is
 * passing.
 */
export function standingOf(
  id: string,
  checks: readonly ShownCheck[],
): { readonly Status: string; readonly Reason: string } {
  const own = checks.filter(check => check.ServiceID === id || check.ServiceID === '')
  const rank = (check: ShownCheck): number => severity.indexOf(check.Status) + (isMaintenance(check) ? 0.5 : 0)
  const [worst] = own.toSorted((a, b) => rank(b) - rank(a) || (a.CheckID < b.CheckID ? -1 : 1))
  if (worst === undefined || rank(worst) <= 0) return { Status: 'passing', Reason: '' }
  if (isMaintenance(worst))
    return {
      Status: worst.Status,
      Reason: `${worst.ServiceID === '' ? 'node maintenance' : 'maintenance'}: ${firstLine(checkText(worst))}`,
    }
  const said = firstLine(checkText(worst))
  return { Status: worst.Status, Reason: said === '' ? worst.Name : `${worst.Name}: ${said}` }
}
