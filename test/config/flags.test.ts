import t from 'tap'
import { parseFlags } from '../../src/common/flags.js'
import { agentFlags, configPaths } from '../../src/config/index.js'
import type { Settings } from '../../src/config/index.js'
import { nodeAt } from '../../src/config/read/keys.js'
import { findings, openConf } from './support.js'

t.test('every flag sets a key that exists, in its type', t => {
  for (const flag of agentFlags) {
    if (flag.key === undefined) continue
    const node = nodeAt(flag.key.split('.'))
    const types = { string: 'string', int: 'integer', bool: 'boolean' }
    t.same(
      node?.types,
      [flag.shape === 'list' ? 'array' : flag.shape === 'pair' ? 'object' : types[flag.type]],
      flag.name,
    )
    t.equal(flag.repeatable === true, flag.shape !== undefined, `${flag.name}: only lists and pairs are repeatable`)
  }
  t.end()
})

t.test('paths stay in order, whichever flag names them', t => {
  const flags = parseFlags(agentFlags, ['-config-dir=a', '-config-file', 'b', '--config-dir', 'c'])
  t.same(configPaths(flags), ['a', 'b', 'c'])
  t.end()
})

const cases: readonly [string[], (settings: Settings) => unknown, unknown][] = [
  [['-node=x'], s => s.nodeName, 'x'],
  [['-dc=east'], s => s.datacenter, 'east'],
  [['-http-port=0'], s => s.ports.http, 0],
  [['-dns-port=-1'], s => s.ports.dns, -1],
  [['-node-meta=a:1', '-node-meta=b:x:y'], s => s.nodeMeta, { a: '1', b: 'x:y', rack: 'r1' }],
  [
    ['-recursor=192.0.2.1', '-recursor=192.0.2.2:54'],
    s => s.recursors,
    ['192.0.2.1:53', '192.0.2.2:54', '192.0.2.9:53'],
  ],
  [['-log-level=err'], s => s.log.level, 'error'],
  [['-data-dir=/tmp/x'], s => s.dataDir, '/tmp/x'],
  [[], s => s.dataDir, 'muster-data'],
  [['-auto-reload-config=false'], s => s.autoReloadConfig, false],
  [['-max-query-time=1m'], s => s.maxQueryTime, 60_000],
  [['-enable-script-checks'], s => [s.enableScriptChecks, s.enableLocalScriptChecks], [true, true]],
  [['-enable-local-script-checks'], s => [s.enableScriptChecks, s.enableLocalScriptChecks], [false, true]],
  [['-server', '-bootstrap-expect=1'], s => [s.server, s.bootstrap, s.bootstrapExpect], [true, true, 1]],
  [['-ui', '-syslog', '-log-json'], s => [s.ui.enabled, s.log.syslog, s.log.json], [true, true, true]],
  [
    ['-bind=10.0.0.1', '-client=0.0.0.0'],
    s => [s.bindAddr, s.advertiseAddr, s.clientAddrs],
    ['10.0.0.1', '10.0.0.1', ['0.0.0.0']],
  ],
  [
    ['-hcl=log_level = "TRACE"', '-hcl=ports { dns = 53 }', '-log-level=WARN'],
    s => [s.log.level, s.ports.dns],
    ['trace', 53],
  ],
  [
    [
      '-server',
      '-bootstrap-expect=3',
      '-advertise=10.0.0.1',
      '-retry-join=a',
      '-retry-join=b:1',
      '-retry-max=3',
      '-rejoin',
    ],
    s => [s.engine, s.cluster.retryJoin, s.cluster.retryMax, s.cluster.rejoinAfterLeave],
    ['etcd', ['a', 'b:1'], 3, true],
  ],
  [
    ['-join=a', '-advertise=10.0.0.1', '-serf-lan-bind=10.0.0.1', '-serf-lan-allowed-cidrs=10.0.0.0/8'],
    s => [s.engine, s.cluster.startJoin, s.cluster.lanBind, s.cluster.lanAllowedCidrs],
    ['none', ['a'], '10.0.0.1', ['10.0.0.0/8']],
  ],
  [
    ['-join-wan=a', '-retry-interval-wan=1m'],
    s => [s.server, s.cluster.startJoinWan, s.cluster.retryIntervalWan],
    [true, ['a'], 60_000],
  ],
  [
    ['-dev'],
    s => [s.dev, s.dataDir, s.bindAddr, s.log.level, s.ui.enabled, s.server],
    [true, '', '127.0.0.1', 'debug', true, true],
  ],
  [['-dev', '-log-level=INFO'], s => s.log.level, 'info'],
]
for (const [flags, read, expected] of cases) {
  t.test(`flags ${flags.join(' ')}`, t => {
    const load = openConf(
      t,
      { 'agent.json': { node_meta: { rack: 'r1' }, recursors: ['192.0.2.9'] } },
      flags,
    ).source.load()
    t.ok(load.settings, findings(load).join('\n'))
    if (load.settings !== undefined) t.same(read(load.settings), expected)
    t.end()
  })
}

const wrong: readonly [string[], string][] = [
  [['-node-meta=x'], 'error bad-flag'],
  [['-http-port=70000'], 'error out-of-range'],
  [['-default-query-time=5'], 'error bad-duration'],
  [['-log-level=LOUD'], 'error not-allowed'],
  [['-https-port=8501'], 'warning no-effect'],
  [['-encrypt=pUqJrVyVRj5jsiYEkM/tFQYfWyJIv4s3XkvDwy7Cu5s='], 'warning no-effect'],
  [['-hcl=nonsense = 1'], '-hcl:1:1 error unknown-key'],
  [['-bind=nowhere'], 'error bad-address'],
]
for (const [flags, expected] of wrong) {
  t.test(`finding of ${flags.join(' ')}`, t => {
    t.same(findings(openConf(t, { 'agent.json': {} }, flags).source.load()), [expected])
    t.end()
  })
}

t.test('a finding of a flag names the flag', t => {
  t.match(
    openConf(t, { 'agent.json': {} }, ['-http-port=70000']).source.load().diagnostics[0]?.message,
    /^-http-port: /,
  )
  t.end()
})
