import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import t from 'tap'
import { startAgent } from '../support/agent-process.js'
import { muster } from '../support/muster.js'
import { until } from '../support/until.js'

const quick = ['-http-port=0', '-dns-port=0', '-bind=127.0.0.1'] as const

void t.test('a data directory that cannot be used: what and what to do, no stack', async t => {
  const folder = t.testdir({ file: 'x', taken: { services: 'a file in the place of a folder' } })
  for (const [dataDir, why] of [
    [path.join(folder, 'file'), /file already exists/],
    [path.join(folder, 'file', 'below'), /not a directory/],
    [path.join(folder, 'taken'), /file already exists/],
    ['/proc/nobody-makes-folders-here', /no such file or directory/],
  ] as const) {
    const { code, err } = await muster(['agent', ...quick, `-data-dir=${dataDir}`])
    t.equal(code, 1)
    t.match(err, `==> cannot use the data directory ${dataDir}: `)
    t.match(err, why)
    t.match(err, /-data-dir/, 'the way out')
    t.notMatch(err, /^ +at /m)
  }
})

void t.test('a log file that cannot be written', async t => {
  const { code, err } = await muster([
    'agent',
    ...quick,
    '-dev',
    `-log-file=${path.join(t.testdir({ file: '' }), 'file', 'agent.log')}`,
  ])
  t.equal(code, 1)
  t.match(err, /^==> cannot write the log file .*\n {4}give log_file a path/)
})

void t.test('a second agent on a data directory changes nothing in it', async t => {
  const agent = await startAgent(t, { conf: { 'web.json': { service: { name: 'web', port: 80 } } } })
  const state = () =>
    ['config/last-good', 'checks/state/journal', 'node-id'].map(name => {
      const file = path.join(agent.dataDir, name)
      return fs.existsSync(file) ? `${fs.statSync(file).ino} ${fs.readFileSync(file, 'utf8')}` : name
    })
  await agent.api('/v1/agent/reload', { method: 'PUT' })
  await until('the good text is kept', () => state()[0]?.includes('web.json'))
  const before = state()
  const conf = t.testdir({ 'other.json': '{"service": {"name": "other"}}', 'broken.json': '{' })
  const refused = await muster(['agent', ...quick, `-data-dir=${agent.dataDir}`, `-config-dir=${conf}`])
  t.equal(refused.code, 1, 'with a broken file')
  fs.rmSync(path.join(conf, 'broken.json'))
  const second = await muster(['agent', ...quick, `-data-dir=${agent.dataDir}`, `-config-dir=${conf}`])
  t.equal(second.code, 1)
  t.match(
    second.err,
    `==> the store in ${agent.dataDir}/store is in use by process ${agent.child.pid ?? 0}\n    stop that agent`,
  )
  t.same(state(), before)
  t.equal((await agent.api('/v1/agent/services')).status, 200)
})

void t.test('a pid file: of another agent, of any other program, of nobody', async t => {
  const pidFile = path.join(t.testdir({}), 'pid')
  const agent = await startAgent(t, { dev: true, flags: [`-pid-file=${pidFile}`] })
  t.equal(fs.readFileSync(pidFile, 'utf8'), `${agent.child.pid ?? 0}\n`)
  const second = await muster(['agent', ...quick, '-dev', `-pid-file=${pidFile}`])
  t.equal(second.code, 1)
  t.match(
    second.err,
    /^==> the pid file .* belongs to the agent with process id \d+, which is running\n {4}stop that agent/,
  )
  t.equal(fs.readFileSync(pidFile, 'utf8'), `${agent.child.pid ?? 0}\n`)
  await agent.stop()
  t.notOk(fs.existsSync(pidFile), 'removed at the end')
  for (const left of [`${process.pid}\n`, '4194305\n', 'nonsense', '']) {
    fs.writeFileSync(pidFile, left)
    const next = await startAgent(t, { dev: true, flags: [`-pid-file=${pidFile}`] })
    t.equal(fs.readFileSync(pidFile, 'utf8'), `${next.child.pid ?? 0}\n`, `over ${JSON.stringify(left)}`)
    await next.stop()
  }
})

void t.test('an address that cannot be had: why, and the way out', async t => {
  const agent = await startAgent(t, { dev: true })
  for (const [flags, message, way] of [
    [
      [`-http-port=${agent.http}`, '-dns-port=0'],
      /^==> cannot listen for HTTP on 127\.0\.0\.1:\d+: .*EADDRINUSE/,
      /-http-port/,
    ],
    [
      ['-http-port=0', `-dns-port=${agent.dns}`],
      /^==> DNS cannot listen on 127\.0\.0\.1 port \d+: .*EADDRINUSE/,
      /-dns-port/,
    ],
    [
      ['-http-port=0', '-dns-port=-1', '-client=192.0.2.77'],
      /^==> cannot listen for HTTP on 192\.0\.2\.77:0: .*EADDRNOTAVAIL/,
      /192\.0\.2\.77 is not one of this machine's addresses .*addresses\.http or client_addr \(-client\)/,
    ],
    [
      ['-http-port=0', '-dns-port=0', '-client=192.0.2.77'],
      /^==> DNS cannot listen on 192\.0\.2\.77 port 0: .*EADDRNOTAVAIL/,
      /addresses\.dns or client_addr \(-client\)/,
    ],
    [
      ['-bind=192.0.2.77'],
      /^==> cannot listen for agents \(the cluster port\) on 192\.0\.2\.77:8301: .*EADDRNOTAVAIL/,
      /192\.0\.2\.77 is not one of this machine's addresses .*bind_addr \(-bind\) or serf_lan/,
    ],
    [
      ['-serf-wan-bind=192.0.2.77', '-serf-lan-port=0'],
      /^==> cannot listen for other datacenters \(the WAN port\) on 192\.0\.2\.77:8302: .*EADDRNOTAVAIL/,
      /bind_addr \(-bind\) or serf_wan/,
    ],
  ] as const) {
    const { code, err } = await muster([
      'agent',
      '-dev',
      ...(flags.some(flag => flag.startsWith('-bind')) ? [] : ['-bind=127.0.0.1']),
      ...flags,
    ])
    t.equal(code, 1)
    t.match(err, message)
    t.match(err, way)
    t.notMatch(err, /^ +at /m)
  }
})

void t.test(
  'a bind address of another machine refuses an agent that nobody told anything, too, and a taken cluster port one that others are to find',
  async t => {
    const folder = t.testdir({})
    const away = await muster([
      'agent',
      '-bind=192.0.2.77',
      '-http-port=0',
      '-dns-port=0',
      `-data-dir=${path.join(folder, 'a')}`,
    ])
    t.equal(away.code, 1)
    t.match(away.err, /EADDRNOTAVAIL[^\n]*\n {4}192\.0\.2\.77 is not one of this machine's addresses/)
    const holder = net.createServer().listen(0, '127.0.0.1')
    await once(holder, 'listening')
    t.teardown(() => {
      holder.close()
    })
    const { port } = holder.address() as net.AddressInfo
    const taken = await muster([
      'agent',
      '-server',
      ...quick,
      `-serf-lan-port=${port}`,
      `-data-dir=${path.join(folder, 'b')}`,
    ])
    t.equal(taken.code, 1)
    t.match(
      taken.err,
      new RegExp(
        `127\\.0\\.0\\.1:${port}: [^\\n]*EADDRINUSE[^\\n]*\\n {4}another program has the port[^\\n]*ports\\.serf_lan \\(-serf-lan-port\\)`,
      ),
    )
  },
)

void t.test('a server that will need etcd and has none does not start, alone or not', async t => {
  const none = path.join(t.testdir({}), 'no-etcd-here')
  for (const flags of [['-bootstrap-expect=3'], ['-retry-join=127.0.0.9']]) {
    const { code, err } = await muster([
      'agent',
      '-server',
      ...quick,
      ...flags,
      '-serf-lan-port=0',
      '-serf-wan-port=0',
      '-hcl',
      `store { etcd { program = "${none}" } }`,
      `-data-dir=${path.join(t.testdir({}), 'data')}`,
    ])
    t.equal(code, 1)
    t.match(
      err,
      `==> there is no etcd: the program "${none}" is not found\n    install it with "apt-get install etcd-server", or name the program with store.etcd.program`,
    )
  }
})

void t.test('an agent survives when the reader of its output exits', async t => {
  const agent = await startAgent(t, { dev: true })
  agent.child.stdout?.destroy()
  agent.child.stderr?.destroy()
  for (let i = 0; i < 20; i++) t.equal((await agent.api('/v1/agent/reload', { method: 'PUT' })).status, 200)
  t.equal(agent.child.exitCode, null)
})
