import t from 'tap'
import { settingsDifference, withoutSecrets } from '../../src/config/index.js'
import type { AgentHistory, Settings } from '../../src/config/index.js'
import { merge } from '../../src/config/combine/merge.js'
import { resolve } from '../../src/config/resolve/index.js'
import type { Resolved } from '../../src/config/resolve/index.js'

interface Given {
  readonly dev?: boolean
  readonly history?: AgentHistory
}

const attempt = (value: Record<string, unknown>, { dev = false, history }: Given = {}): Resolved =>
  resolve(merge([{ value }]), {
    hostname: 'host-1',
    dev,
    interfaces: () => [{ name: 'eth0', address: '192.168.1.5', family: 4 }],
    kindOf: () => 'nothing',
    ...(history !== undefined && { history: () => history }),
  })

const settingsOf = (value: Record<string, unknown>, given?: Given): Settings => {
  const { settings, diagnostics } = attempt(value, given)
  if (settings === undefined) throw new Error(diagnostics.map(({ message }) => message).join('\n'))
  return settings
}

const was: Record<'server' | 'alone' | 'told' | 'both', AgentHistory> = {
  server: { etcd: true, role: undefined },
  alone: { etcd: false, role: 'server' },
  told: { etcd: false, role: 'client' },
  both: { etcd: true, role: 'client' },
}

const modes: readonly [string, Record<string, unknown>, Given, Partial<Settings>][] = [
  [
    'nothing written',
    {},
    {},
    { engine: 'lmdb', lone: true, server: true, bootstrap: true, bootstrapExpect: 1, bindAddr: '127.0.0.1' },
  ],
  [
    'nothing written, told to join before',
    {},
    { history: was.told },
    { engine: 'none', lone: false, server: false, bootstrap: false, bootstrapExpect: 0, bindAddr: '0.0.0.0' },
  ],
  [
    'nothing written, told to be a server before',
    {},
    { history: was.alone },
    { engine: 'lmdb', lone: false, server: true, bootstrap: true },
  ],
  [
    'told to join now, whatever it was alone',
    { retry_join: ['n1'] },
    { history: was.alone },
    { engine: 'none', server: false },
  ],
  [
    'nothing written, once one of several servers',
    {},
    { history: was.server },
    { engine: 'etcd', lone: false, server: true, bootstrapExpect: 0 },
  ],
  [
    'a server by its words is no client, whatever it was told',
    { server: true },
    { history: was.told },
    { engine: 'lmdb', lone: false, server: true },
  ],
  [
    '-dev',
    { server: true },
    { dev: true },
    { engine: 'memory', lone: false, server: true, bindAddr: '127.0.0.1', dataDir: '' },
  ],
  [
    '-dev knows no data directory',
    { server: true },
    { dev: true, history: was.both },
    { engine: 'memory', server: true },
  ],
  [
    'one server',
    { server: true, bootstrap_expect: 1 },
    {},
    { engine: 'lmdb', lone: false, bootstrap: true, bootstrapExpect: 1, bindAddr: '127.0.0.1' },
  ],
  ['the same, in other words', { server: true, bootstrap: true }, {}, { engine: 'lmdb', bootstrap: true }],
  ['a server, without more words', { server: true }, {}, { engine: 'lmdb', lone: false }],
  [
    'several servers',
    { server: true, bootstrap_expect: 3 },
    {},
    { engine: 'etcd', bootstrap: false, bootstrapExpect: 3, bindAddr: '0.0.0.0', advertiseAddr: '192.168.1.5' },
  ],
  ['a server that waits to be let in', { server: true, retry_join: ['a'] }, {}, { engine: 'etcd', bootstrapExpect: 0 }],
  ['a server of a datacenter of its own', { server: true, retry_join_wan: ['a'] }, {}, { engine: 'lmdb' }],
  ['WAN alone makes no client', { retry_join_wan: ['a'] }, {}, { engine: 'lmdb', lone: false, server: true }],
  [
    'one of several stays one',
    { server: true, bootstrap_expect: 1 },
    { history: was.server },
    { engine: 'etcd', bootstrapExpect: 1 },
  ],
  ['a client', { server: false }, {}, { engine: 'none', leaveOnTerminate: true, skipLeaveOnInterrupt: false }],
  ['a client by what it joins', { start_join: ['a:1'] }, {}, { engine: 'none', server: false }],
  ['a client that leaves by its words', { server: false, leave_on_terminate: false }, {}, { leaveOnTerminate: false }],
  [
    'servers stay when stopped',
    { server: true, bootstrap_expect: 3 },
    {},
    { leaveOnTerminate: false, skipLeaveOnInterrupt: true },
  ],
  [
    'an etcd of someone else',
    { store: { etcd: { endpoints: ['http://e:2379'] } } },
    {},
    { engine: 'external', server: true, bootstrap: false, bootstrapExpect: 0, bindAddr: '0.0.0.0' },
  ],
  [
    'and what it was before',
    { store: { etcd: { endpoints: ['http://e:2379'] } } },
    { history: was.both },
    { engine: 'external', server: true },
  ],
]
for (const [name, value, given, expected] of modes) {
  t.test(name, t => {
    t.match(settingsOf(value, given), expected)
    t.end()
  })
}

const refused: readonly [string, Record<string, unknown>, Given, RegExp][] = [
  ['-dev beside others', { server: true, bootstrap_expect: 3 }, { dev: true }, /can only be 1/],
  ['-dev that joins', { server: true, retry_join: ['a'] }, { dev: true }, /joins no others/],
  ['-dev as a client', { server: false }, { dev: true }, /-dev makes a server/],
  [
    '-dev on etcd',
    { server: true, store: { etcd: { endpoints: ['http://e:1'] } } },
    { dev: true },
    /keeps everything in memory/,
  ],
  [
    'a client that expects servers',
    { retry_join: ['a'], bootstrap_expect: 3 },
    {},
    /^'bootstrap_expect > 0' requires 'server = true'/,
  ],
  [
    'a client on etcd',
    { server: false, store: { etcd: { endpoints: ['http://e:1'] } } },
    {},
    /makes this agent a server/,
  ],
  ['no cluster port', { server: true, bootstrap_expect: 3, ports: { serf_lan: -1 } }, {}, /"ports.serf_lan" is off/],
  ['no Raft port', { server: true, bootstrap_expect: 3, ports: { server: -1 } }, {}, /"ports.server" is off/],
  ['a network that is none', { serf_wan_allowed_cidrs: ['10.0.0.1'] }, {}, /^a network is written/],
  ['attempts without a pause', { retry_interval: '0s' }, {}, /"retry_interval" must be at least/],
  ['a negative quorum', { autopilot: { min_quorum: -1 } }, {}, /at least 0/],
  [
    'a node name that drives a terminal',
    { server: true, node_name: 'evil\u001b[2J\nname' },
    {},
    /^the node name "evil\\u001b\[2J\\nname" has control characters$/,
  ],
  [
    'a node name that reorders the text around it',
    { server: true, node_name: 'n\u202e1' },
    {},
    /^the node name "n\\u202e1" has control characters$/,
  ],
  ['no program', { store: { etcd: { program: '' } } }, {}, /cannot be empty/],
  ['a key of the wrong size', { encrypt: 'AAAA' }, {}, /^encrypt has invalid key/],
  ['a key that is no base64', { encrypt: 'no base64 at all' }, {}, /^encrypt has invalid key/],
  ['rules that deny', { acl: { enabled: true, default_policy: 'deny' } }, {}, /would allow everything/],
  [
    'encryption among servers',
    { server: true, bootstrap_expect: 3, encrypt: 'pUqJrVyVRj5jsiYEkM/tFQYfWyJIv4s3XkvDwy7Cu5s=' },
    {},
    /does not encrypt/,
  ],
  [
    'certificates on an etcd of someone else',
    { store: { etcd: { endpoints: ['http://e:1'] } }, verify_incoming: true },
    {},
    /does not encrypt/,
  ],
]
for (const [name, value, given, message] of refused) {
  t.test(`refused: ${name}`, t => {
    const { settings, diagnostics } = attempt(value, given)
    t.equal(settings, undefined)
    t.match(
      diagnostics.filter(({ severity }) => severity === 'error').map(diagnostic => diagnostic.message),
      [message],
    )
    t.end()
  })
}

const warned: readonly [string, Record<string, unknown>, Given, string[]][] = [
  ['two servers', { server: true, bootstrap_expect: 2 }, {}, ['no-fault-tolerance']],
  ['six servers', { server: true, bootstrap_expect: 6 }, {}, ['even-servers']],
  ['five servers', { server: true, bootstrap_expect: 5 }, {}, []],
  [
    'a server that leads on its own and joins',
    { server: true, bootstrap_expect: 1, retry_join: ['a'] },
    {},
    ['joins-no-servers'],
  ],
  [
    'leading on its own after being one of several',
    { server: true, bootstrap: true },
    { history: was.server },
    ['ignored-key'],
  ],
  ['a password for nobody', { store: { etcd: { user: 'x', password: 'y' } } }, {}, ['ignored-key', 'ignored-key']],
  [
    'a password that anyone can read',
    { store: { etcd: { endpoints: ['http://e:1'], user: 'x', password: 'y' } } },
    {},
    ['plain-password'],
  ],
  [
    'encryption of a server alone',
    { encrypt: 'pUqJrVyVRj5jsiYEkM/tFQYfWyJIv4s3XkvDwy7Cu5s=', verify_incoming: true },
    {},
    [],
  ],
  ['access rules that allow', { acl: { enabled: true } }, {}, []],
]
for (const [name, value, given, codes] of warned) {
  t.test(`warned: ${name}`, t => {
    const { settings, diagnostics } = attempt(value, given)
    t.ok(settings)
    t.same(
      diagnostics.map(({ code }) => code),
      codes,
    )
    t.end()
  })
}

t.test("settings of a cluster, with Consul's defaults", t => {
  t.match(settingsOf({}).cluster, {
    startJoin: [],
    retryInterval: 30_000,
    retryIntervalWan: 30_000,
    retryMax: 0,
    rejoinAfterLeave: false,
    reconnectTimeout: 72 * 3_600_000,
    lanBind: '127.0.0.1',
    wanBind: '127.0.0.1',
    rpcHoldTimeout: 7000,
    raftMultiplier: 5,
    disableCoordinates: false,
    disableRemoteExec: true,
    discoveryMaxStale: 0,
    rpcMaxConnsPerClient: 100,
    autopilot: {
      cleanupDeadServers: true,
      lastContactThreshold: 200,
      maxTrailingLogs: 250,
      minQuorum: 0,
      serverStabilizationTime: 10_000,
      redundancyZoneTag: '',
    },
  })
  t.match(settingsOf({}).etcd, { endpoints: [], prefix: 'muster/', program: 'etcd', quotaBytes: 4 * 1024 ** 3 })
  t.match(
    settingsOf({ server: true, bootstrap_expect: 3, serf_lan: '10.0.0.1', start_join: ['{{ GetPrivateIP }}:8301'] })
      .cluster,
    {
      lanBind: '10.0.0.1',
      wanBind: '0.0.0.0',
      startJoin: ['192.168.1.5:8301'],
    },
  )
  t.end()
})

t.test('a password is shown to nobody', t => {
  const etcd = (password: string): Settings =>
    settingsOf({ store: { etcd: { endpoints: ['https://e:1'], user: 'x', password } } })
  t.notMatch(JSON.stringify(withoutSecrets(etcd('opensesame'))), /opensesame/)
  t.same(withoutSecrets(settingsOf({})), settingsOf({}))
  const { needsRestart } = settingsDifference(etcd('opensesame'), etcd('otherword'), () => undefined)
  t.same(needsRestart, [{ key: 'store.etcd.password', running: 'hidden', written: 'hidden' }])
  const at = (file: string) => () => ({ file, line: 1, column: 1 })
  const { disagreements } = merge([
    { value: { store: { etcd: { password: 'opensesame' } } }, place: at('a') },
    { value: { store: { etcd: { password: 'otherword' } } }, place: at('b') },
  ])
  t.equal(disagreements.length, 1)
  t.notMatch(disagreements[0]?.message, /opensesame|otherword/)
  t.end()
})
