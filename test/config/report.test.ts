import t from 'tap'
import { diagnosticLine, report, reporters, summary } from '../../src/config/index.js'
import type { Diagnostic, ReportInput } from '../../src/config/index.js'

const at = (file: string, line: number, column: number): { file: string; line: number; column: number } => ({
  file,
  line,
  column,
})
const diagnostics: readonly Diagnostic[] = [
  {
    severity: 'error',
    code: 'unknown-key',
    at: at('conf/web3.json', 2, 7),
    key: 'service.check.htpp',
    message: '"htpp" is not a key of a check',
    hint: 'did you mean "http"?',
  },
  {
    severity: 'warning',
    code: 'no-effect',
    at: at('conf/web3.json', 1, 1),
    message: 'two\nlines, 100% <odd> & "quoted"',
  },
  {
    severity: 'error',
    code: 'duplicate-id',
    at: at('conf/a b,c.json', 3, 1),
    other: at('conf/web3.json', 2, 1),
    message: 'twice \u0007',
  },
  { severity: 'error', code: 'bad-flag', message: '-node-meta takes KEY:VALUE' },
]
const texts: Readonly<Record<string, string>> = {
  'conf/web3.json': '{\n\t"a":"htpp"\n}',
  'conf/a b,c.json': `{\r\n\r\n${'x'.repeat(300)}`,
}
const input: ReportInput = {
  diagnostics,
  files: ['conf/web3.json', 'conf/a b,c.json', 'conf/fine.json'],
  sourceOf: file => texts[file],
}
const nothing: ReportInput = { diagnostics: [], files: ['conf/fine.json'] }

t.test('lines and sums', t => {
  t.same(diagnostics.map(diagnosticLine), [
    'conf/web3.json:2:7 error unknown-key: "htpp" is not a key of a check. Did you mean "http"?',
    'conf/web3.json:1:1 warning no-effect: two lines, 100% <odd> & "quoted"',
    'conf/a b,c.json:3:1 error duplicate-id: twice \\u0007',
    'error bad-flag: -node-meta takes KEY:VALUE',
  ])
  t.equal(summary(diagnostics, 12), '3 errors, 1 warning in 12 files')
  t.equal(summary([], 1), '0 errors, 0 warnings in 1 file')
  t.end()
})

t.test('text: the line and a mark under the place', t => {
  const lines = report('text', input).split('\n')
  t.same(lines[0], diagnostics.map(diagnosticLine)[0])
  t.equal(lines[1], '  2 |         "a":"htpp"')
  t.equal(lines[2]?.indexOf('^'), lines[1]?.indexOf('htpp'), 'also behind a tab')
  t.equal(lines.at(-2), '3 errors, 1 warning in 3 files')
  t.ok(
    lines.every(line => line.length < 120),
    'long lines are cut',
  )
  t.equal(report('text', { diagnostics, files: [] }).split('\n').length, 6, 'without sources, without excerpts')
  t.equal(report('text', nothing), '0 errors, 0 warnings in 1 file\n')
  t.end()
})

t.test('text: nothing in a file or its name drives the terminal or forges a line', t => {
  const file = 'conf/a\u001b[31m\nb.json'
  const text = report('text', {
    diagnostics: [{ severity: 'error', code: 'syntax', at: at(file, 1, 3), message: 'found "\u0000\u009b"' }],
    files: [file],
    sourceOf: () => '{\u001b]0;x\u0007',
  })
  t.match(text, 'conf/a\\u001b[31m\\nb.json:1:3 error syntax: found "\\u0000\\u009b"\n')
  t.notMatch(text.replaceAll('\n', ''), /\p{Cc}/u)
  t.equal(text.split('\n').length, 5)
  t.end()
})

t.test('json', t => {
  t.same(JSON.parse(report('json', input)), {
    valid: false,
    errors: 3,
    warnings: 1,
    files: 3,
    summary: '3 errors, 1 warning in 3 files',
    diagnostics,
  })
  t.match(JSON.parse(report('json', nothing)), { valid: true, errors: 0 })
  t.end()
})

t.test('github: parsed back as the runner does', t => {
  const unescape = (text: string): string =>
    text.replace(/%3A/g, ':').replace(/%2C/g, ',').replace(/%0D/g, '\r').replace(/%0A/g, '\n').replace(/%25/g, '%')
  const commands = report('github', input)
    .trimEnd()
    .split('\n')
    .map(line => {
      const [, command, properties = '', message = ''] = /^::(\w+) (.*?)::(.*)$/.exec(line) ?? []
      const values = Object.fromEntries(
        properties.split(',').map(pair => pair.split('=').map(unescape) as [string, string]),
      )
      return { command, ...values, message: unescape(message) }
    })
  t.same(commands, [
    {
      command: 'error',
      file: 'conf/web3.json',
      line: '2',
      col: '7',
      title: 'unknown-key',
      message: '"htpp" is not a key of a check. Did you mean "http"?',
    },
    {
      command: 'warning',
      file: 'conf/web3.json',
      line: '1',
      col: '1',
      title: 'no-effect',
      message: 'two lines, 100% <odd> & "quoted"',
    },
    { command: 'error', file: 'conf/a b,c.json', line: '3', col: '1', title: 'duplicate-id', message: 'twice \\u0007' },
    { command: 'error', title: 'bad-flag', message: '-node-meta takes KEY:VALUE' },
  ])
  t.equal(report('github', nothing), '')
  t.end()
})

t.test('sarif', t => {
  interface Region {
    physicalLocation: { artifactLocation: { uri: string }; region: { startLine: number; startColumn: number } }
  }
  interface Result {
    ruleId: string
    ruleIndex: number
    level: string
    message: { text: string }
    locations?: Region[]
    relatedLocations?: Region[]
  }
  const log = JSON.parse(report('sarif', input)) as {
    version: string
    runs: { tool: { driver: { rules: { id: string }[] } }; results: Result[]; artifacts: unknown[] }[]
  }
  const [run] = log.runs
  t.equal(log.version, '2.1.0')
  t.equal(log.runs.length, 1)
  for (const result of run?.results ?? []) t.equal(run?.tool.driver.rules[result.ruleIndex]?.id, result.ruleId)
  t.same(
    run?.results.map(({ level }) => level),
    ['error', 'warning', 'error', 'error'],
  )
  t.same(
    run?.results.map(({ locations }) => locations?.[0]?.physicalLocation),
    [
      { artifactLocation: { uri: 'conf/web3.json' }, region: { startLine: 2, startColumn: 7 } },
      { artifactLocation: { uri: 'conf/web3.json' }, region: { startLine: 1, startColumn: 1 } },
      { artifactLocation: { uri: 'conf/a%20b%2Cc.json' }, region: { startLine: 3, startColumn: 1 } },
      undefined,
    ],
  )
  t.equal(run?.results[2]?.relatedLocations?.[0]?.physicalLocation.region.startLine, 2)
  t.equal(run?.artifacts.length, 3)
  const absolute = JSON.parse(
    report('sarif', {
      diagnostics: [{ severity: 'error', code: 'x', message: 'y', at: at('/etc/a.json', 1, 1) }],
      files: [],
    }),
  ) as typeof log
  t.equal(absolute.runs[0]?.results[0]?.locations?.[0]?.physicalLocation.artifactLocation.uri, 'file:///etc/a.json')
  t.end()
})

t.test('junit: well-formed, and counts what it holds', t => {
  const xml = report('junit', input)
  const stack: string[] = []
  for (const [, close, name = '', rest = ''] of xml.matchAll(/<(\/?)([a-z-]+)((?:"[^"]*"|[^">])*)>/g)) {
    if (close === '/') t.equal(stack.pop(), name, `</${name}> closes what was opened`)
    else if (!rest.endsWith('/')) stack.push(name)
  }
  t.same(stack, [])
  t.match(xml, '<testsuites tests="4" failures="3">')
  t.equal(xml.match(/<testcase /g)?.length, 4)
  t.equal(xml.match(/<failure /g)?.length, 3)
  t.equal(xml.match(/<system-out>/g)?.length, 1)
  t.match(xml, '&lt;odd&gt; &amp; &quot;quoted&quot;')
  t.notMatch(xml, '\u0007')
  t.match(report('junit', nothing), '<testcase classname="muster" name="conf/fine.json"/>')
  t.end()
})

t.test('every form ends in a line break', t => {
  for (const name of Object.keys(reporters) as (keyof typeof reporters)[]) t.match(report(name, input), /\n$/, name)
  t.end()
})
