import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { startCluster } from '../support/cluster.js'
import { isRunning } from '../support/processes.js'
import { startCommand } from '../support/running-command.js'
import { until } from '../support/until.js'

// Each command is a process, and a busy machine starts them slowly.
t.setTimeout(120_000)

t.test('agents that are told to run it, a server and a client agent', async t => {
  const cluster = await startCluster(t, {
    servers: 1,
    clients: 2,
    conf: { 'exec.json': { disable_remote_exec: false }, 'web.json': { service: { name: 'web' } } },
  })
  const [server] = cluster.servers
  const [c1, c2] = cluster.clients
  if (server === undefined || c1 === undefined || c2 === undefined) throw new Error('they were not started')
  await until(
    'the events of all reach all',
    async () => {
      await server.put('/v1/event/fire/hello', '')
      return (await Promise.all(cluster.agents.map(agent => agent.get<unknown[]>('/v1/event/list')))).every(
        list => list.length > 0,
      )
    },
    30_000,
  )
  const { code, out } = await c1.cli(
    'exec',
    '-wait=4s',
    '-node=^(s1|c2)$',
    'echo one; echo two >&2; sleep 5; echo three',
  )
  t.equal(code, 0, out)
  for (const node of ['s1', 'c2'])
    for (const line of [
      `    ${node}: one\n`,
      `    ${node}: two\n`,
      `    ${node}: three\n`,
      `==> ${node}: finished with exit code 0\n`,
    ])
      t.match(out, line)
  t.ok(out.endsWith('2 / 2 node(s) completed / acknowledged\n'))
  t.match(await server.cli('exec', '-service=web', 'exit', '7'), { code: 2, out: /finished with exit code 7/ })
  t.same(await server.get('/v1/event/list?name=_rexec'), [])
  t.equal((await server.api('/v1/kv/_rexec/?recurse')).status, 404)

  c2.write('exec.json', { disable_remote_exec: true })
  await c2.stop()
  await c2.start()
  await cluster.membersAre({ s1: 'alive', c1: 'alive', c2: 'alive' })
  const file = path.join(t.testdir(), 'pid')
  const asking = startCommand(t, { address: c1.address, http: 8500 }, 'exec', `echo $$ > ${file}.$$; exec sleep 1000`)
  const pids = (): number[] => fs.readdirSync(path.dirname(file)).map(name => Number(name.split('.').at(-1)))
  await until('two run it', () => pids().length === 2, 30_000)
  asking.child.kill('SIGINT')
  await asking.ended
  await until('they are killed when nobody listens any more', () => !pids().some(isRunning), 30_000)
  t.equal(pids().length, 2, 'the one with disable_remote_exec runs nothing')
})
