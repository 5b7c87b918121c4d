import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { startAgent, type AgentProcess } from '../support/agent-process.js'
import { muster } from '../support/muster.js'
import { temporaryDirectory } from '../support/temporary-directory.js'
import { until } from '../support/until.js'

// Agents are processes, and a busy machine starts them slowly.
t.setTimeout(120_000)

const put = (agent: AgentProcess, url: string, body: unknown): Promise<Response> =>
  agent.api(url, { method: 'PUT', body: typeof body === 'string' ? body : JSON.stringify(body) })

t.test(
  'a start on a data directory whose files are not what they were is refused with what was found and what to do',
  async t => {
    const agent = await startAgent(t)
    t.equal((await put(agent, '/v1/kv/a', 'x')).status, 200)
    await agent.stop()
    const { dataDir } = agent
    const whole = `${dataDir}.whole`
    fs.cpSync(dataDir, whole, { recursive: true })
    const at = (name: string): string => path.join(dataDir, name)
    const pipe = (name: string) => (): void => {
      fs.rmSync(at(name), { force: true })
      spawnSync('mkfifo', [at(name)])
    }
    const cases: readonly [() => void, RegExp][] = [
      [
        () => {
          fs.truncateSync(at('store/data.mdb'), 0)
        },
        /^==> the store in \S+ is damaged: data\.mdb is empty \(0 bytes\)\n {4}put a backup .* in its place; or move it away/,
      ],
      [
        () => {
          fs.rmSync(at('store/data.mdb'))
        },
        /^==> the store in \S+ is damaged: data\.mdb is missing/,
      ],
      [
        () => {
          fs.truncateSync(at('store/data.mdb'), 4096)
        },
        /^==> the store in \S+ is damaged: page 1 is cut off/,
      ],
      [
        () => {
          fs.writeFileSync(at('node-id'), '')
        },
        /^==> \S+node-id is empty\n {4}restore it from a backup, or delete it/,
      ],
      [
        pipe('node-id'),
        /^==> \S+node-id is a pipe \(FIFO\), where a small file is expected\n {4}put the file back, or move/,
      ],
      [pipe('checks/state/journal'), /^==> cannot use the data directory \S+: \S+journal is a pipe \(FIFO\)/],
      [pipe('config/last-good'), /^==> cannot use the data directory \S+: \S+last-good is a pipe \(FIFO\)/],
    ]
    for (const [damage, message] of cases) {
      fs.rmSync(dataDir, { recursive: true })
      fs.cpSync(whole, dataDir, { recursive: true })
      damage()
      const { code, err } = await muster([
        'agent',
        '-http-port=0',
        '-dns-port=0',
        '-bind=127.0.0.1',
        `-data-dir=${dataDir}`,
      ])
      t.equal(code, 1)
      t.match(err, message)
      t.notMatch(err, /^ +at /m, 'no stack')
    }
    fs.rmSync(dataDir, { recursive: true })
    fs.cpSync(whole, dataDir, { recursive: true })
    // An entry that cannot be read is one that is left out, and remains of a kill are no entries.
    pipe('services/entry')()
    const remains = [
      'services/1234.abcdtmp',
      'checks/x.tmp',
      'checks/state/journal.tmp',
      'config/last-good.tmp',
      'node-id.tmp',
      'role.json.tmp',
      'store/room.tmp',
    ].map(at)
    for (const file of remains) fs.writeFileSync(file, '{')
    const others = ['services/kept', 'notes.tmp'].map(at)
    for (const file of others) fs.writeFileSync(file, '{}')
    const again = await agent.restart()
    t.equal(await (await again.api('/v1/kv/a?raw')).text(), 'x')
    t.same(
      remains.filter(file => fs.existsSync(file)),
      [],
    )
    t.same(
      others.filter(file => !fs.existsSync(file)),
      [],
      'what is not ours stays',
    )
    await until('it is said', () => /skipped an unreadable persisted entry.*a pipe/.test(again.output()))
    await again.stop()
    fs.rmSync(at('store'), { recursive: true })
    const empty = await agent.restart()
    await until('it is said', () => /\[WARN\].*has no store: the catalog starts empty/.test(empty.output()))
  },
)

t.test('a data directory that is removed while the agent runs: nothing is acknowledged that is not kept', async t => {
  const agent = await startAgent(t)
  t.equal((await put(agent, '/v1/kv/before', 'x')).status, 200)
  fs.renameSync(agent.dataDir, `${agent.dataDir}.away`)
  const refused = await put(agent, '/v1/kv/lost', 'x')
  t.equal(refused.status, 500)
  t.match(
    await refused.text(),
    /takes no writes: its data\.mdb was removed or moved away, so what is written would be lost/,
  )
  t.equal((await put(agent, '/v1/agent/service/register', { Name: 'web' })).status, 500)
  t.equal((await agent.api('/v1/kv/before')).status, 200, 'it is read as before')
  await until('it is said', () => /\[ERROR\].*takes no writes/.test(agent.output()))
  fs.renameSync(`${agent.dataDir}.away`, agent.dataDir)
  t.equal((await put(agent, '/v1/kv/after', 'x')).status, 200)
  await until(
    'what was registered is saved after all',
    () => fs.readdirSync(path.join(agent.dataDir, 'services')).length === 1,
    30_000,
  )
  await until('that is said, too', () => agent.output().includes('the store takes writes again'))
})

t.test(
  'a registration on a full disk is refused, kept trying, and there after a restart',
  { skip: process.getuid?.() === 0 ? false : 'mounting a small disk needs root' },
  async t => {
    const agent = await startAgent(t)
    await agent.stop()
    const services = path.join(agent.dataDir, 'services')
    const spare = path.join(temporaryDirectory(t), 'filling')
    t.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', services]).status, 0)
    t.teardown(() => {
      spawnSync('umount', ['-l', services])
    })
    const again = await agent.restart()
    fs.writeFileSync(spare, Buffer.alloc(100_000))
    t.not(spawnSync('cp', [spare, path.join(services, 'filling.tmp')]).status, 0, 'the disk is full')
    const refused = await put(again, '/v1/agent/service/register', { Name: 'web', Port: 80 })
    t.equal(refused.status, 500)
    t.match(await refused.text(), /service web is registered, but would not survive a restart: .*no space left/)
    t.match(refused.headers.get('x-muster-hint'), /it is saved as soon as that is possible again/)
    t.match(await (await again.api('/v1/agent/metrics?format=prometheus')).text(), /_agent_unsaved_entries 1\b/)
    t.ok(
      ((await (await again.api('/v1/agent/services')).json()) as Record<string, unknown>).web,
      'it is registered meanwhile',
    )
    fs.rmSync(path.join(services, 'filling.tmp'))
    await until('it is saved', () => again.output().includes('all that was registered is saved again'), 60_000)
    await again.stop('SIGKILL')
    const last = await again.restart()
    t.ok(((await (await last.api('/v1/agent/services')).json()) as Record<string, unknown>).web)
    await last.stop()
  },
)
