import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { startAgent, writeConf, type AgentProcess } from '../support/agent-process.js'
import { muster } from '../support/muster.js'
import { startCommand } from '../support/running-command.js'
import { until } from '../support/until.js'

// Each command is a process, and a busy machine starts them slowly.
t.setTimeout(120_000)

const put = async (agent: AgentProcess, key: string, body: string): Promise<void> => {
  await agent.api(`/v1/kv/${key}`, { method: 'PUT', body })
}

/** Programs start slowly on a busy machine. */
const timeoutMs = 30_000

const agent = await startAgent(t, {
  dev: true,
  conf: { 'web.json': { service: { name: 'web', port: 80, tags: ['a', 'b'] } } },
})

t.test('without a program: what is there now, as JSON', async t => {
  const show = async (...args: string[]): Promise<unknown> => {
    const { code, out, err } = await muster(['watch', ...args], { agent })
    t.equal(code, 0, err)
    return JSON.parse(out)
  }
  t.equal(await show('-type=key', '-key=absent'), null)
  await put(agent, 'dir/a', '1')
  t.match(await show('-type=key', '-key=dir/a'), { Key: 'dir/a', Value: 'MQ==' })
  t.match(await show('-type=keyprefix', '-prefix=dir/'), [{ Key: 'dir/a' }])
  t.match(await show('-type=services'), { consul: [], web: ['a', 'b'] })
  t.match(await show('-type=nodes'), [{ Node: 'n1' }])
  t.match(await show('-type=service', '-service=web', '-tag=a', '-tag=b', '-passingonly=true'), [
    { Service: { ID: 'web' } },
  ])
  t.same(await show('-type=service', '-service=web', '-tag=c'), [])
  t.match(await show('-type=service', '-service=web', '-passingonly=1'), [{ Service: { ID: 'web' } }])
  t.match(await show('-type=checks', '-state=passing'), [{ CheckID: 'serfHealth' }])
  for (const flag of ['-service', '-name'])
    t.match(await show('-type=agent_service', `${flag}=web`), { ID: 'web', ContentHash: String, Port: 80 })
  t.match(await muster(['watch', '-type=agent_service', '-name=absent'], { agent }), {
    code: 1,
    err: 'unknown service ID: absent',
  })
  t.equal((await muster(['watch', '-type=key', '-key=absent'], { agent })).out, 'null\n')
  t.match((await muster(['watch', '-type=key', '-key=dir/a'], { agent })).out, /^\{\n {4}"/)
  for (const [args, message] of [
    [[], 'Watch type must be specified'],
    [['-type=x'], 'Unsupported watch type: x'],
    [['-type=key'], 'Must specify a single key to watch'],
    [['-type=checks', '-service=a', '-state=any'], 'Cannot specify service and state'],
    [['-type=constructor'], 'Unsupported watch type: constructor'],
    [['-type=nodes', '-state=passing', '-key=a'], 'Invalid parameters: [key state]'],
    [['-type=agent_service', '-service=web', '-prefix=a'], 'Invalid parameters: [prefix]'],
    [['-type=service', '-service=a', '-passingonly=maybe'], 'neither true nor false'],
  ] as const)
    t.match(await muster(['watch', ...args], { agent }), { code: 1, err: message }, message)
  t.match(await muster(['watch', '-type=nodes', '-http-addr=127.0.0.1:1']), { code: 1, err: 'no agent answers' })
})

t.test('with a program: once for each change, until it fails', async t => {
  const file = path.join(agent.directory, 'seen')
  const lines = (): string[] =>
    fs.existsSync(file)
      ? fs
          .readFileSync(file, 'utf8')
          .split('\n')
          .filter(line => line !== '')
      : []
  const watch = startCommand(
    t,
    agent,
    'watch',
    '-type=key',
    '-key=k',
    `cat >> ${file}; echo "$CONSUL_INDEX" >> ${file}; test ! -e ${file}.stop`,
  )
  await until('the first state is given', () => lines().length === 2, timeoutMs)
  t.equal(lines()[0], 'null')
  await put(agent, 'other', 'x')
  await put(agent, 'k', 'v')
  await until('the change is given', () => lines().length === 4, timeoutMs)
  t.match(JSON.parse(lines()[2] ?? ''), { Key: 'k', Value: 'dg==' })
  t.match(lines()[3], /^\d+$/)
  fs.writeFileSync(`${file}.stop`, '')
  await put(agent, 'k', 'w')
  t.equal(await watch.ended, 1)
  t.match(watch.out(), 'exit status 1')
})

t.test('a service of the agent, which has a hash and no index', async t => {
  const file = path.join(agent.directory, 'services')
  const declared = path.join(agent.directory, 'declared')
  const ports = (of: string): unknown[] =>
    fs.existsSync(of)
      ? fs
          .readFileSync(of, 'utf8')
          .split('\n')
          .filter(line => line !== '')
          .map(line => (JSON.parse(line) as { Port: unknown }).Port)
      : []
  const register = (Port: number) =>
    agent.api('/v1/agent/service/register', { method: 'PUT', body: JSON.stringify({ Name: 'changing', Port }) })
  await register(1)
  writeConf(path.join(agent.conf, 'watch.json'), {
    watches: [
      {
        type: 'agent_service',
        service_id: 'changing',
        args: ['sh', '-c', `test "$CONSUL_INDEX" = 0 && cat >> ${declared}`],
      },
    ],
  })
  startCommand(t, agent, 'watch', '-type=agent_service', '-name=changing', `cat >> ${file}`)
  await until('both have seen it', () => ports(file).length === 1 && ports(declared).length === 1, timeoutMs)
  await register(2)
  await until('both have seen the change', () => ports(file).length === 2 && ports(declared).length === 2, timeoutMs)
  t.same(
    [ports(file), ports(declared)],
    [
      [1, 2],
      [1, 2],
    ],
  )
})

t.test('an interrupt ends it with 0, and its program', async t => {
  const idle = startCommand(t, agent, 'watch', '-type=nodes', '-shell=false', 'cat')
  await until(
    'it has shown the first state',
    () => idle.out().includes('serfHealth') || idle.out().includes('n1'),
    timeoutMs,
  )
  idle.child.kill('SIGINT')
  t.equal(await idle.ended, 0)
  const busy = startCommand(t, agent, 'watch', '-type=nodes', 'echo begun; exec sleep 60')
  await until('the program runs', () => busy.out().includes('begun'), timeoutMs)
  busy.child.kill('SIGINT')
  t.equal(await busy.ended, 0, 'the program ended, and with it the command')
})
