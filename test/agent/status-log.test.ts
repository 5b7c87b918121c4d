import t from 'tap'
import { LocalState } from '../../src/agent/local-state.js'
import { logStatusChanges, shownOutput } from '../../src/agent/status-log.js'
import { RecordingLog } from '../support/recording-log.js'
import { until } from '../support/until.js'
import { check, service } from './definitions.js'
import { place, startNode } from './node.js'

t.test('each change of a status is one line, a new output is none', async t => {
  const log = new RecordingLog()
  const local = new LocalState({ discardOutput: false, now: () => 0 })
  logStatusChanges(local, log)
  local.putService(
    service('web-1', { name: 'web', checks: [check('web-ttl')] }),
    { by: 'api' },
    { replaceChecks: 'none' },
  )
  local.putCheck(check('disk'), { by: 'api' }, () => ({ status: 'passing', output: 'as before', reported: true }))
  t.same(log.lines, [], 'what a check begins with is no change, restored or not')
  const cases = [
    { id: 'web-ttl', status: 'critical', output: 'the first result', line: undefined },
    {
      id: 'web-ttl',
      status: 'passing',
      output: '\n  all is well  \nand more',
      line: {
        level: 'info',
        fields: {
          check: 'web-ttl',
          service: 'web-1',
          name: 'web',
          old: 'critical',
          new: 'passing',
          output: 'all is well',
        },
      },
    },
    { id: 'web-ttl', status: 'passing', output: 'still', line: undefined },
    {
      id: 'web-ttl',
      status: 'warning',
      output: 'hot',
      line: {
        level: 'info',
        fields: { check: 'web-ttl', service: 'web-1', name: 'web', old: 'passing', new: 'warning', output: 'hot' },
      },
    },
    {
      id: 'web-ttl',
      status: 'critical',
      output: '\u001b[2J\rgone',
      line: {
        level: 'warn',
        fields: {
          check: 'web-ttl',
          service: 'web-1',
          name: 'web',
          old: 'warning',
          new: 'critical',
          output: '\\u001b[2J\\u000dgone',
        },
      },
    },
    {
      id: 'disk',
      status: 'critical',
      output: '',
      line: { level: 'warn', fields: { check: 'disk', old: 'passing', new: 'critical', output: '' } },
    },
  ] as const
  for (const { id, status, output, line } of cases) {
    local.setStatus(id, status, output)
    const lines = log.lines.splice(0).map(({ level, message, fields }) => ({ level, message, fields }))
    t.same(
      lines,
      line === undefined ? [] : [{ ...line, message: 'the status of a check has changed' }],
      `${status}: ${output}`,
    )
  }
  t.equal(shownOutput('x'.repeat(1000)).length, 201)
})

t.test(
  'over a restart: what is restored is no change, what ran out meanwhile is one; when each status began is kept',
  async t => {
    const at = place(t)
    const lines = ({ log }: { readonly log: RecordingLog }) =>
      log.lines
        .filter(({ message }) => message === 'the status of a check has changed')
        .map(({ fields }) => [fields.check, fields.old, fields.new].join(' '))
    const first = await startNode(t, at)
    await first.agent.registerService({
      definition: service('web', { checks: [check('long'), check('short', { kind: { type: 'ttl', ttl: 2000 } })] }),
      replaceExistingChecks: false,
    })
    await first.agent.reportTtl('long', 'passing', '')
    await first.agent.reportTtl('short', 'passing', '')
    await first.agent.setMaintenance('web', true, 'move')
    t.same(lines(first), ['long critical passing', 'short critical passing'])
    t.match(
      first.log.lines.filter(({ message }) => message === 'maintenance has begun'),
      [{ level: 'info', fields: { service: 'web', reason: 'move' } }],
    )
    const since = (node: typeof first) =>
      ['long', '_service_maintenance:web'].map(id => node.agent.checks().get(id)?.since)
    const began = since(first)
    t.ok(began.every(one => typeof one === 'number'))
    const end = Date.now() + 2050
    await first.stop()
    await until('the short TTL has run out', () => Date.now() > end)
    const second = await startNode(t, at, { catalog: first.catalog })
    t.same(lines(second), ['short passing critical'])
    t.same(since(second), began)
    t.ok(Number(second.agent.checks().get('short')?.since) < end, 'it is critical since it ran out')
    await second.agent.setMaintenance('web', false, '')
    t.equal(second.log.lines.filter(({ message }) => message === 'maintenance has ended').length, 1)
  },
)
