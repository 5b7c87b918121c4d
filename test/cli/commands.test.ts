import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import t from 'tap'
import { plainly, program, startAgent, writeConf } from '../support/agent-process.js'
import { muster } from '../support/muster.js'
import { until } from '../support/until.js'

t.test('validate: warnings are fine, unless -strict is given', async t => {
  const folder = t.testdir({ without: {}, empty: { 'web.json': '// later' }, good: { 'web.json': '{}' } })
  for (const [name, code] of [
    ['without', 'empty-directory'],
    ['empty', 'empty-file'],
  ] as const) {
    const lenient = await muster(['validate', path.join(folder, name)])
    t.equal(lenient.code, 0, name)
    t.match(lenient.err, code)
    const strict = await muster(['validate', '-strict', path.join(folder, name)])
    t.same([strict.code, strict.out], [1, ''], name)
    t.match(strict.err, code)
  }
  t.equal((await muster(['validate', '-strict', path.join(folder, 'good')])).code, 0)
})

t.test('without an agent: what was tried and what to do', async t => {
  const members = await muster(['members', '-http-addr=127.0.0.1:1'])
  t.equal(members.code, 1)
  t.match(members.err, /no agent answers at 127\.0\.0\.1:1/)
  t.match(members.err, /muster agent -dev/)
  t.equal((await muster(['ready', '-http-addr=127.0.0.1:1'])).code, 1)
  t.match((await muster(['info', '-http-addr=ftp://x:y:z'])).err, /is not an address/)
})

t.test('https to an agent that speaks http', async t => {
  const agent = await startAgent(t, { dev: true })
  const { code, err } = await muster(['members', `-http-addr=https://127.0.0.1:${agent.http}`])
  t.equal(code, 1)
  t.match(err, /does not speak TLS\n {2}write http:\/\//)
})

t.test('where the agent is: flag before MUSTER_ before CONSUL_ before the settings file', async t => {
  const agent = await startAgent(t, { dev: true })
  const here = `127.0.0.1:${agent.http}`
  const nowhere = '127.0.0.1:1'
  const cwd = fs.mkdtempSync(path.join(os.tmpdir(), 'muster-cli-'))
  t.teardown(() => {
    fs.rmSync(cwd, { recursive: true })
  })
  const code = async (env: Record<string, string>, ...flags: string[]): Promise<number | null> =>
    (await muster(['members', ...flags], { env, cwd })).code
  t.equal(await code({ MUSTER_HTTP_ADDR: nowhere }, `-http-addr=${here}`), 0)
  t.equal(await code({ MUSTER_HTTP_ADDR: here, CONSUL_HTTP_ADDR: nowhere }), 0)
  t.equal(await code({ CONSUL_HTTP_ADDR: `http://${here}` }), 0)
  fs.writeFileSync(path.join(cwd, '.musterrc.json'), JSON.stringify({ address: here }))
  t.equal(await code({}), 0)
  t.equal(await code({ CONSUL_HTTP_ADDR: nowhere }), 1)
  fs.writeFileSync(path.join(cwd, '.musterrc.json'), JSON.stringify({ adress: here }))
  const typo = await muster(['members'], { cwd })
  t.equal(typo.code, 1)
  t.match(typo.err, /unknown setting "adress"/)
  t.match(typo.err, /did you mean "address"\?/)
})

t.test('the commands against an agent', async t => {
  const agent = await startAgent(t, {
    conf: { 'web.json': { service: { name: 'web', port: 80, tags: ['v1', 'a'] }, node_meta: { rack: 'r1' } } },
  })
  const ok = async (...args: string[]): Promise<string> => {
    const { code, out, err } = await muster(args, { agent })
    t.equal(code, 0, `${args.join(' ')}: ${err}`)
    return out
  }
  t.match(
    await ok('members'),
    /^Node +Address +Status +Type +Build +Protocol +DC +Segment\nn1 +127\.0\.0\.1:8301 +alive +server +\S+ +2 +dc1 +<all>\n$/,
  )
  t.match(await ok('members', '-detailed'), /dc=dc1,.*role=consul/)
  t.match(await ok('members', '-wan'), /^n1\.dc1 /m)
  t.equal((await muster(['members', '-status=failed'], { agent })).code, 2)
  t.match(await ok('info'), /^agent:\n(\t.*\n)*\tservices = 1\n/m)
  t.equal(await ok('catalog', 'datacenters'), 'dc1\n')
  t.match(await ok('catalog', 'nodes'), /^Node +ID +Address +DC\nn1 +[0-9a-f]{8} +127\.0\.0\.1 +dc1\n$/)
  t.match(await ok('catalog', 'nodes', '-detailed', '-service=web'), /rack=r1/)
  t.equal(
    (await muster(['catalog', 'nodes', '-node-meta=rack=r2'], { agent })).err,
    'No nodes match the given query - try expanding your search.\n',
  )
  t.equal(await ok('catalog', 'services'), 'consul\nweb\n')
  t.equal(await ok('catalog', 'services', '-tags', '-node=n1'), 'consul  \nweb     a,v1\n')
  t.equal(
    await ok('services', 'register', '-name=api', '-port=9', '-tag=x', '-meta=k=v', '-tagged-address=lan=192.0.2.1:99'),
    'Registered service: api\n',
  )
  t.match(
    await ok('services', 'list'),
    /^api +api +:9 +passing +x +api\n^web +web +:80 +passing +v1,a +\S*web\.json:\d+\n/m,
  )
  const file = path.join(agent.directory, 'db.json')
  fs.writeFileSync(
    file,
    JSON.stringify({ services: [{ name: 'db', port: 5432, check: { ttl: '1h', status: 'passing' } }] }),
  )
  t.equal(await ok('services', 'register', file), 'Registered service: db\n')
  t.equal(await ok('services'), await ok('services', 'list'), 'the group alone means the list')
  t.match((await muster(['services', '-h'], { agent })).out, /^Usage: muster services COMMAND/)
  t.same(await muster(['services', 'lst'], { agent }), {
    code: 1,
    out: '',
    err: 'muster services has no command "lst". Did you mean "muster services list"?\n  muster services -h lists those that it has\n',
  })
  t.same(await muster(['kv', 'gte']), {
    code: 1,
    out: '',
    err: 'muster kv has no command "gte". Did you mean "muster kv get"?\n  muster kv -h lists those that it has\n',
  })
  t.same(await muster(['membres']), {
    code: 127,
    out: '',
    err: '"membres" is not a muster command. Did you mean "muster members"?\n  muster -h lists all commands\n',
  })
  t.match(JSON.parse(await ok('members', '-format=json')), [{ Name: 'n1', Status: 1, Tags: { role: 'consul' } }])
  t.match(JSON.parse(await ok('catalog', 'nodes', '-format', 'json')), [{ Node: 'n1', Address: '127.0.0.1' }])
  t.match(JSON.parse(await ok('catalog', 'services', '-format=json')), { consul: [], web: ['a', 'v1'] })
  t.same(JSON.parse(await ok('catalog', 'datacenters', '-format=json')), ['dc1'])
  t.match(JSON.parse(await ok('info', '-format=json')), { agent: { services: '3' } })
  t.match(JSON.parse(await ok('operator', 'raft', 'list-peers', '-format=json')), [{ Node: 'n1', Leader: true }])
  t.match(JSON.parse(await ok('operator', 'usage', 'instances', '-format=json')), { dc1: { Nodes: 1 } })
  t.match(await muster(['members', '-format=yaml'], { agent }), {
    code: 1,
    err: /"yaml" is no format\n {2}pretty and json are allowed/,
  })
  t.match(await ok('services', 'list'), /^db +db +:5432 +passing/m)
  t.equal(await ok('services', 'deregister', file), 'Deregistered service: db\n')
  t.equal(await ok('services', 'deregister', '-id=api'), 'Deregistered service: api\n')
  t.equal((await muster(['services', 'register'], { agent })).code, 1)

  t.equal(await ok('maint'), '')
  t.equal(await ok('maint', '-enable', '-reason=why'), 'Node maintenance is now enabled\n')
  t.equal(await ok('maint', '-enable', '-service=web'), 'Service maintenance is now enabled for "web"\n')
  t.match(await ok('maint'), 'Node:\n  Name:   n1\n  Reason: why\n\n')
  t.match(await ok('maint'), 'Service:\n  ID:     web\n')
  t.match(await ok('services', 'list'), /^ID .* Origin +Reason\n^web .* critical .* node maintenance: why$/m)
  t.match(
    await ok('checks'),
    /^Node +Service +Check +Status +Since +Output\n^n1 +- +Node Maintenance Mode +critical +\d+m?\d*s +why\n^n1 +web +Service Maintenance Mode +critical +\d+m?\d*s +Maintenance mode/m,
  )
  t.match(
    await ok('checks', '-state=critical', '-detailed', '-filter=CheckID == "_node_maintenance"'),
    /^Node: +n1\nService: +-\nCheck: +Node Maintenance Mode \(_node_maintenance\)\nStatus: +critical\nSince: +20\S+Z \(\d+m?\d*s ago\)\nOutput: +why\n$/,
  )
  t.match(JSON.parse(await ok('checks', '-state=critical', '-format=json')), [
    { CheckID: '_node_maintenance', Notes: 'why', StatusSince: /^20/ },
    { CheckID: '_service_maintenance:web' },
  ])
  t.match(JSON.parse(await ok('checks', '-state=passing', '-format=json')), [
    { CheckID: 'serfHealth', StatusSince: /^20/ },
  ])
  t.same(await muster(['checks', '-state=warning'], { agent }), { code: 0, out: '', err: 'No check is warning.\n' })
  t.match(await muster(['checks', '-state=bad'], { agent }), { code: 1, err: /"bad" is no status of a check/ })
  t.equal(await ok('maint', '-disable'), 'Node maintenance is now disabled\n')
  t.match(
    (await muster(['maint', '-enable', '-service=nope'], { agent })).err,
    /404 \(No service registered with ID "nope"\)/,
  )
  t.match((await muster(['maint', '-enable', '-disable'], { agent })).err, /Only one of -enable or -disable/)

  t.equal(await ok('ready'), 'The agent is ready.\n')
  t.match(await ok('reload'), /^Configuration reload triggered: 0 added, 0 changed, 0 removed/)
  t.equal(await ok('leave'), 'Graceful leave complete\n')
  t.equal(await agent.stop(), 0, 'a left agent ends with 0')
})

t.test('monitor streams the log until the agent ends', async t => {
  const agent = await startAgent(t)
  const monitor = spawn(...plainly(process.execPath, [program, 'monitor', `-http-addr=127.0.0.1:${agent.http}`]))
  let out = ''
  monitor.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
  })
  const ended = new Promise<number | null>(resolve => monitor.once('close', resolve))
  let port = 1
  await until('a change of the configuration is told', () => {
    if (port % 20 === 1) writeConf(path.join(agent.conf, 'web.json'), { service: { name: 'web', port } })
    port++
    return out.includes('configuration')
  })
  await agent.stop()
  t.equal(await ended, 1)
})

t.test(
  'at debug level each request is a line of the log, also one that is answered from memory, and without a token',
  async t => {
    const agent = await startAgent(t)
    const requests = [
      '/v1/catalog/nodes?stale',
      '/v1/catalog/nodes?stale',
      '/v1/kv/a%20b?recurse&token=secret',
      '//v1/kv/a?token=secret',
      '/v1/kv/a?x=1&token=secret&%74oken=secret',
    ]
    for (const target of requests) await agent.api(target)
    const monitor = spawn(
      ...plainly(process.execPath, [
        program,
        'monitor',
        '-log-level=debug',
        '-log-json',
        `-http-addr=127.0.0.1:${agent.http}`,
      ]),
    )
    const ended = new Promise(resolve => monitor.once('close', resolve))
    let out = ''
    monitor.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString()
    })
    const seen = () =>
      out
        .split('\n')
        .slice(0, -1)
        .map(line => JSON.parse(line) as Record<string, unknown>)
        .filter(line => line['@message'] === 'Request finished')
    const has = (url: string) => seen().some(line => line.url === url)
    await until('it follows', async () => {
      await agent.api('/v1/status/leader')
      return has('/v1/status/leader')
    })
    for (const target of requests) await agent.api(target)
    await agent.api('/v1/status/peers')
    await until('all are seen', () => has('/v1/status/peers'))
    const asked = seen()
      .map(({ url, method, status, '@module': part }) => [part, method, url, status])
      .filter(([, , url]) => url !== '/v1/status/leader' && url !== '/v1/status/peers')
    t.same(asked, [
      ['http', 'GET', '/v1/catalog/nodes?stale', 200],
      ['http', 'GET', '/v1/catalog/nodes?stale', 200],
      ['http', 'GET', '/v1/kv/a%20b?recurse=&token=<hidden>', 404],
      ['http', 'GET', '//v1/kv/a?token=<hidden>', 301],
      ['http', 'GET', '/v1/kv/a?token=<hidden>', 404],
      ['http', 'GET', '/v1/kv/a?x=1&token=<hidden>&token=<hidden>', 404],
    ])
    for (const line of seen()) t.match(line, { from: /^127\.0\.0\.1:\d+$/, latency: Number })
    monitor.kill('SIGINT')
    t.equal(await ended, 0)
  },
)
