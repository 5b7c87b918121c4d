import t from 'tap'
import { changeLines, changeSummary, type ChangeReport } from '../../src/cli/changes.js'
import { pairs } from '../../src/cli/pairs.js'
import { table } from '../../src/cli/table.js'

t.test('columns align and end where the text ends', async t => {
  t.equal(
    table([
      ['Node', 'DC'],
      ['a-long-name', 'dc1'],
      ['b', ''],
    ]),
    'Node         DC\na-long-name  dc1\nb            \n',
  )
  t.equal(table([]), '')
})

t.test('a plan: marks, places, pending restarts', async t => {
  const report: ChangeReport = {
    outcome: 'planned',
    changes: [
      { op: 'add', kind: 'service', id: 'web3', origin: 'conf/web3.json:4' },
      { op: 'change', kind: 'check', id: 'c', origin: 'conf/c.json:1' },
      { op: 'remove', kind: 'service', id: 'old', origin: 'conf/old.json:2' },
    ],
    settings: ['dns_config.node_ttl'],
    needsRestart: [{ key: 'ports.dns', running: 8600, written: 8601, origin: 'conf/agent.json:3:12' }],
    diagnostics: [],
  }
  t.equal(
    changeLines(report, false),
    `+ service web3  conf/web3.json:4
~ check c       conf/c.json:1
- service old   conf/old.json:2
~ setting dns_config.node_ttl
conf/agent.json:3:12 ports.dns needs a restart: running 8600, file 8601
`,
  )
  t.match(changeLines(report, true), '\u001b[32m+ service web3  conf/web3.json:4\u001b[0m')
  t.equal(changeSummary(report), '1 added, 1 changed, 1 removed')
})

t.test('key=value flags', async t => {
  const flags = {
    values: new Map([
      ['meta', ['a=1', 'b=x=y', 'c=']],
      ['bad', ['nope']],
    ]),
    positional: [],
  }
  t.same(pairs(flags, 'meta'), { a: '1', b: 'x=y', c: '' })
  t.same(pairs(flags, 'none'), {})
  t.throws(() => pairs(flags, 'bad'), { code: 'USAGE' })
})
