import { firstLine } from '../../common/first-line.js'
import { MusterError } from '../../common/errors.js'
import { isCheckStatus } from '../../common/health.js'
import { flagIsSet, flagValue } from '../../common/flags.js'
import { age, checkText, type ShownCheck } from '../check-lines.js'
import { Client } from '../client.js'
import { clientFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import { formatFlag, printJson, wantsJson } from '../format.js'
import { statusLayout, table } from '../table.js'

const severity: readonly string[] = ['critical', 'warning', 'passing']
const statusColumn = 3

/** `muster checks`. */
export const command: Command = {
  usage: 'checks [options]',
  description:
    'Lists the checks of the catalog, the worst first: node, service, status, since when it has it, and the first line of what it says.',
  examples: [
    ['muster checks', 'all of them'],
    ['muster checks -state=critical', 'what is wrong now'],
    ['muster checks -detailed', 'with all that each says'],
    ['muster checks -format=json', 'for programs, as /v1/health/state gives them'],
  ],
  flags: [
    {
      name: 'state',
      type: 'string',
      placeholder: 'any|passing|warning|critical',
      help: 'only checks of this status (default any)',
    },
    { name: 'detailed', type: 'bool', help: 'show the whole output of each' },
    { name: 'filter', type: 'string', placeholder: 'EXPRESSION', help: 'only checks for which the expression holds' },
    formatFlag,
    ...clientFlags,
  ],
  async run(flags, io) {
    const json = wantsJson(flags)
    const state = flagValue(flags, 'state') ?? 'any'
    if (state !== 'any' && !isCheckStatus(state))
      throw new MusterError('USAGE', `-state: "${state}" is no status of a check`, {
        hint: 'write any, passing, warning or critical',
      })
    const client = await Client.connect(flags, io)
    const checks = (
      await client.get<readonly ShownCheck[]>(`/v1/health/state/${state}`, { filter: flagValue(flags, 'filter') })
    ).toSorted(worstFirst)
    const now = Date.now()
    if (json) printJson(io, checks)
    else if (checks.length === 0) io.err(state === 'any' ? 'There are no checks.\n' : `No check is ${state}.\n`)
    else if (flagIsSet(flags, 'detailed')) io.out(checks.map(check => detailed(check, now)).join('\n'))
    else {
      io.out(
        table(
          [
            ['Node', 'Service', 'Check', 'Status', 'Since', 'Output'],
            ...checks.map(check => [
              check.Node,
              check.ServiceID || '-',
              check.Name || check.CheckID,
              check.Status,
              age(check.StatusSince, now),
              firstLine(checkText(check)) || '-',
            ]),
          ],
          statusLayout(io, statusColumn),
        ),
      )
    }
    return 0
  },
}

const rank = ({ Status }: ShownCheck): number => severity.indexOf(Status)
const place = ({ Node, ServiceID, CheckID }: ShownCheck): string => [Node, ServiceID, CheckID].join('\u0000')

const worstFirst = (a: ShownCheck, b: ShownCheck): number => rank(a) - rank(b) || (place(a) < place(b) ? -1 : 1)

function detailed(check: ShownCheck, now: number): string {
  const lines = checkText(check).trimEnd().split('\n')
  const since = check.StatusSince === undefined ? '-' : `${check.StatusSince} (${age(check.StatusSince, now)} ago)`
  return table([
    ['Node:', check.Node],
    ['Service:', check.ServiceID || '-'],
    ['Check:', `${check.Name} (${check.CheckID})`],
    ['Status:', check.Status],
    ['Since:', since],
    ...lines.map((line, i) => [i === 0 ? 'Output:' : '', line]),
  ])
}
