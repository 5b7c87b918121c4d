import fs from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { unpackTar } from '../support/unpack-tar.js'
import { startAgent, writeConf } from '../support/agent-process.js'
import { muster } from '../support/muster.js'
import { startCommand } from '../support/running-command.js'
import { until } from '../support/until.js'

// Each command is a process, and a busy machine starts them slowly.
t.setTimeout(120_000)

t.test('a bundle as an archive, ended early by an interrupt', async t => {
  const agent = await startAgent(t, { dev: true, conf: { 'a.json': { node_meta: { rack: 'r1' } } } })
  await agent.api('/v1/kv/secret', { method: 'PUT', body: 'opensesame' })
  const output = path.join(agent.directory, 'bundle')
  const debug = startCommand(t, agent, 'debug', `-output=${output}`)
  await until('the first interval has begun', () => debug.out().includes('Beginning capture interval'), 30_000)
  debug.child.kill('SIGINT')
  t.equal(await debug.ended, 0, debug.out())
  t.match(debug.out(), 'Saved debug archive: bundle.tar.gz')
  const files = new Map(
    unpackTar(gunzipSync(fs.readFileSync(`${output}.tar.gz`))).map(({ name, data }) => [name, data.toString()]),
  )
  t.equal(fs.statSync(`${output}.tar.gz`).mode & 0o777, 0o600)
  for (const name of [
    'index.json',
    'agent.json',
    'config.json',
    'host.json',
    'members.json',
    'members-wan.json',
    'consul.log',
  ])
    t.ok(files.has(`bundle/${name}`), name)
  t.match(JSON.parse(files.get('bundle/index.json') ?? ''), {
    Interval: '30s',
    Duration: '2m0s',
    Targets: ['metrics', 'logs', 'pprof', 'host', 'agent', 'cluster'],
  })
  t.match(JSON.parse(files.get('bundle/agent.json') ?? ''), { Meta: { rack: 'r1' } })
  t.notMatch([...files.values()].join('\n'), /opensesame|b3BlbnNlc2FtZQ/)
  t.match(await muster(['debug', `-output=${output}`], { agent }), { code: 1, err: 'exists already' })
})

t.test('profiles, where the agent takes them', async t => {
  const agent = await startAgent(t, { dev: true })
  const output = path.join(agent.directory, 'profiles')
  t.match(
    await muster(['debug', '-archive=false', '-capture=pprof', '-duration=10s', '-interval=5s', `-output=${output}`], {
      agent,
    }),
    { code: 0, err: '' },
  )
  const intervals = fs.readdirSync(output).filter(name => name !== 'index.json')
  t.ok(intervals.length >= 2)
  const first = path.join(output, intervals[0] ?? '')
  const read = (name: string): unknown => JSON.parse(fs.readFileSync(path.join(first, name), 'utf8'))
  t.match(read('profile.cpuprofile'), { nodes: Array, samples: Array, startTime: Number })
  t.match(read('heap.heapprofile'), { head: { callFrame: {} }, samples: Array })
  writeConf(path.join(agent.conf, 'off.json'), { enable_debug: false })
  await until(
    'the agent takes none any more',
    async () => (await agent.api('/debug/pprof/heap?seconds=1')).status === 404,
  )
  const refused = await muster(['debug', '-archive=false', '-capture=pprof', '-duration=10s', `-output=${output}2`], {
    agent,
  })
  t.match(refused, { code: 0, err: 'pprof: left out' })
  t.same(fs.readdirSync(`${output}2`), ['index.json'])
})

t.test('a directory, and what is asked for only', async t => {
  const agent = await startAgent(t, { dev: true })
  const output = path.join(agent.directory, 'folder')
  const { code, out } = await muster(
    ['debug', '-archive=false', '-capture=agent', '-capture=host', `-output=${output}`],
    { agent },
  )
  t.equal(code, 0)
  t.match(out, 'Saved debug directory: folder')
  t.same(fs.readdirSync(output).sort(), ['agent.json', 'config.json', 'host.json', 'index.json'])
  for (const args of [['-duration=1s'], ['-interval=1s'], ['-capture=everything'], ['extra']])
    t.equal((await muster(['debug', ...args], { agent })).code, 1, args.join())
  const nowhere = await muster(['debug', `-output=${path.join(output, 'absent', 'x')}`], { agent })
  t.match(nowhere, { code: 1, err: /x\.tar\.gz cannot be written: ENOENT[^]*name one with -output/ })
  t.notMatch(nowhere.out, 'capture interval', 'it does not gather for minutes first')
  t.match(await muster(['debug', '-http-addr=127.0.0.1:1', `-output=${path.join(output, 'none')}`]), {
    code: 1,
    err: 'no agent answers',
  })
  t.same(
    fs.readdirSync(output).sort(),
    ['agent.json', 'config.json', 'host.json', 'index.json'],
    'nothing is left of those',
  )
})
