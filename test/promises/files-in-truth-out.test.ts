import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { startAgent, writeConf } from '../support/agent-process.js'
import { dig } from '../support/dig.js'
import { muster } from '../support/muster.js'
import { until } from '../support/until.js'

t.test('five reloads of unchanged files leave answers byte for byte as they were, indexes included', async t => {
  const agent = await startAgent(t, {
    conf: { 'web.json': { service: { name: 'web', port: 80, check: { ttl: '1h', status: 'passing' } } } },
  })
  const reply = async (): Promise<string> => {
    const response = await agent.api('/v1/health/service/web')
    return `${response.headers.get('x-consul-index')} ${await response.text()}`
  }
  const before = await reply()
  t.match(before, /"ServiceID":"web"/)
  for (let i = 0; i < 5; i++) t.equal((await muster(['reload'], { agent })).code, 0)
  t.equal(await reply(), before)
})

t.test('one bad file neither takes the good ones down nor vanishes in silence', async t => {
  const agent = await startAgent(t, { conf: { 'web.json': { service: { name: 'web', port: 80 } } } })
  fs.writeFileSync(path.join(agent.conf, 'zz.json'), '{\n')
  const reload = await muster(['reload'], { agent })
  t.equal(reload.code, 1)
  t.match(reload.err, /zz\.json:[12]:\d+/)
  t.equal((await dig(agent, '+short', 'web.service.consul')).status, 'none', '+short prints records only')
  t.same((await dig(agent, 'web.service.consul')).answer, ['web.service.consul. 0 IN A 127.0.0.1'])
  t.match(agent.output(), /zz\.json:[12]:\d+/, 'the log says it too')
  const metrics = await (await agent.api('/v1/agent/metrics?format=prometheus')).text()
  t.match(metrics, /reload_failures\S* [1-9]/, 'and a metric')
  fs.rmSync(path.join(agent.conf, 'zz.json'))
  t.equal((await muster(['reload'], { agent })).code, 0)
})

t.test('the place of a lone brace', async t => {
  const agent = await startAgent(t)
  fs.writeFileSync(path.join(agent.conf, 'zz.json'), '{')
  const reload = await muster(['reload'], { agent })
  t.equal(reload.code, 1)
  t.match(reload.err, /zz\.json:1:2/)
})

t.test('one id in two files is an error that names both, and everyone can see who declared what', async t => {
  const agent = await startAgent(t, { conf: { 'a.json': { service: { name: 'web', port: 80 } } } })
  await agent.api('/v1/agent/service/register', { method: 'PUT', body: JSON.stringify({ Name: 'by-hand', Port: 1 }) })
  const list = await muster(['services'], { agent })
  t.match(list.out, /^web +web .*a\.json:\d+/m)
  t.match(list.out, /^by-hand +by-hand .* api$/m)
  writeConf(path.join(agent.conf, 'b.json'), { service: { name: 'web', port: 81 } })
  const validated = await muster(['validate', agent.conf])
  t.equal(validated.code, 1)
  t.match(validated.out + validated.err, /a\.json:\d+/)
  t.match(validated.out + validated.err, /b\.json:\d+/)
  t.equal((await muster(['reload'], { agent })).code, 1)
  t.match((await dig(agent, 'web.service.consul', 'SRV')).answer[0], / 80 /, 'what ran goes on')
})

t.test('comments, unquoted keys and trailing commas', async t => {
  const agent = await startAgent(t)
  fs.writeFileSync(path.join(agent.conf, 'web.json'), '// web\n{service: {name: "web", port: 80,},}\n')
  t.equal((await muster(['validate', agent.conf])).code, 0)
  await until('it is live', async () => (await dig(agent, 'web.service.consul')).answer.length === 1)
})

t.test('a setting that waits for a restart says so, with both values and its place', async t => {
  const agent = await startAgent(t, { flags: ['-auto-reload-config=false'] })
  fs.writeFileSync(path.join(agent.conf, 'agent.json'), '{\n  "ports": {\n    "server": 8601\n  }\n}\n')
  const plan = await muster(['plan'], { agent })
  t.equal(plan.code, 2)
  const reload = await muster(['reload'], { agent })
  t.equal(reload.code, 0)
  t.match(reload.out, /agent\.json:3:15 ports\.server needs a restart: running 8300, file 8601/)
})

t.test('plan shows what a reload would do and does nothing', async t => {
  const agent = await startAgent(t, {
    flags: ['-auto-reload-config=false'],
    conf: { 'old.json': { service: { name: 'old' } }, 'web.json': { service: { name: 'web', port: 80 } } },
  })
  t.equal((await muster(['plan'], { agent })).code, 0)
  fs.rmSync(path.join(agent.conf, 'old.json'))
  writeConf(path.join(agent.conf, 'web.json'), { service: { name: 'web', port: 81 } })
  writeConf(path.join(agent.conf, 'new.json'), {
    service: { name: 'new' },
    check: { id: 'lone', name: 'lone', ttl: '1h', status: 'passing' },
  })
  const plan = await muster(['plan'], { agent })
  t.equal(plan.code, 2)
  t.match(plan.out, /^\+ service new +\S*new\.json:\d+/m)
  t.match(plan.out, /^~ service web +\S*web\.json:\d+/m)
  t.match(plan.out, /^- service old +\S*old\.json:\d+/m)
  t.match(plan.out, /^\+ check lone +\S*new\.json:\d+/m)
  const json = JSON.parse((await muster(['plan', '-format=json'], { agent })).out) as { changes: unknown[] }
  t.equal(json.changes.length, 4)
  t.equal((await dig(agent, 'new.service.consul')).status, 'NXDOMAIN')
  t.equal((await muster(['reload'], { agent })).code, 0)
  t.equal((await dig(agent, 'new.service.consul')).answer.length, 1)
})

t.test('SIGHUP reloads', async t => {
  const agent = await startAgent(t, { flags: ['-auto-reload-config=false'] })
  writeConf(path.join(agent.conf, 'web.json'), { service: { name: 'web', port: 80 } })
  agent.child.kill('SIGHUP')
  await until('the file is live', async () => (await dig(agent, 'web.service.consul')).answer.length === 1)
})
