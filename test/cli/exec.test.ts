import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { startAgent } from '../support/agent-process.js'
import { startApiStub } from '../support/api-stub.js'
import { muster } from '../support/muster.js'
import { startCommand } from '../support/running-command.js'
import { until } from '../support/until.js'

// Each command is a process, and a busy machine starts them slowly.
t.setTimeout(120_000)

interface Entry {
  readonly Key: string
  readonly Value: string
  readonly Session?: string
}

t.test('shows what agents write about a job, and leaves nothing behind', async t => {
  const agent = await startAgent(t, { dev: true })
  const jobs = async (): Promise<Entry[]> => {
    const answer = await agent.api('/v1/kv/_rexec/?recurse')
    return answer.status === 404 ? [] : ((await answer.json()) as Entry[])
  }
  const exec = startCommand(t, agent, 'exec', '-wait=2s', '-verbose', '-node=^n', 'uptime', '-p')
  const job = await until(
    'the job is written and told of',
    async () => exec.out().includes('Fired') && (await jobs())[0],
    30_000,
  )
  t.same(JSON.parse(Buffer.from(job.Value, 'base64').toString()), {
    Command: 'uptime -p',
    Args: [],
    Script: null,
    Wait: 2e9,
  })
  t.ok(job.Session)
  const report = (key: string, body: string): Promise<Response> =>
    agent.api(`/v1/kv/${job.Key.replace(/job$/, key)}`, { method: 'PUT', body })
  for (const node of ['n1', 'n2']) await report(`${node}/ack`, '')
  await report('n1/out/00000', 'up 5 minutes\nand more')
  await report('n1/out/00001', '')
  await report('n1/exit', '0')
  await report('n2/exit', '1')
  t.equal(await exec.ended, 2, 'one of them failed')
  const out = exec.out()
  for (const line of [
    '==> n1: acknowledged',
    '    n1: up 5 minutes\n    n1: and more\n',
    '==> n1: heartbeat received',
    '==> n1: finished with exit code 0',
    '==> n2: finished with exit code 1',
    '2 / 2 node(s) completed / acknowledged',
  ])
    t.match(out, line)
  t.match(out, /Completed in \d+\.\d\d seconds/)
  t.same(await jobs(), [])
  t.same(await (await agent.api('/v1/session/list')).json(), [])
})

t.test('no node answers', async t => {
  const agent = await startAgent(t, { dev: true })
  t.match(await muster(['exec', '-wait=200ms', 'true'], { agent }), {
    code: 0,
    out: '0 / 0 node(s) completed / acknowledged\n',
  })
  t.match(await muster(['exec', '-wait=200ms', '-'], { agent, input: 'echo a script' }), { code: 0 })
  for (const [args, message] of [
    [[], 'Must specify a command'],
    [['-tag=x', 'true'], 'tag filter without service'],
    [['-node=(', 'true'], 'not a regular expression'],
    [['-wait=soon', 'true'], 'not a duration'],
    [['-'], 'is empty'],
  ] as const)
    t.match(await muster(['exec', ...args], { agent }), { code: 1, err: message }, message)
})

t.test('silence counts from what was heard last, however often the store is asked', async t => {
  const ID = 'adf4238a-882b-9ddc-4a9d-5b6758e4159e'
  const stub = await startApiStub(t, {
    'PUT /v1/session/create': { body: { ID } },
    [`PUT /v1/session/destroy/${ID}`]: { body: true },
    'PUT /v1/event/fire/_rexec': { body: { ID: 'e' } },
    [`PUT /v1/kv/a%20%3F%2F${ID}%2Fjob`]: { body: true },
    [`DELETE /v1/kv/a%20%3F%2F${ID}%2F`]: { body: true },
    // A question that waits comes back empty when its time is over.
    [`GET /v1/kv/a%20%3F%2F${ID}%2F`]: { status: 404, headers: { 'x-consul-index': '7' } },
  })
  t.match(
    await muster(['exec', '-wait=300ms', '-prefix=a ?', 'true'], {
      env: { MUSTER_HTTP_ADDR: `127.0.0.1:${stub.port}` },
    }),
    { code: 0, out: '0 / 0 node(s) completed / acknowledged\n', err: '' },
  )
  t.match(stub.asked.at(-1), `DELETE /v1/kv/a%20%3F%2F${ID}%2F?recurse=`)
})

t.test('interrupted before agents are told of it: nothing runs', async t => {
  const agent = await startAgent(t, { dev: true, conf: { 'exec.json': { disable_remote_exec: false } } })
  const file = path.join(t.testdir(), 'ran')
  const exec = startCommand(t, agent, 'exec', '-verbose', '-wait-repl=60s', `touch ${file}`)
  await until(
    'the job is written',
    async () => exec.out().includes('Created') && (await agent.api('/v1/kv/_rexec/?recurse')).status === 200,
    30_000,
  )
  exec.child.kill('SIGINT')
  t.equal(await exec.ended, 1)
  t.notMatch(exec.out(), 'Fired')
  t.equal((await agent.api('/v1/kv/_rexec/?recurse')).status, 404)
  t.notOk(fs.existsSync(file))
})
