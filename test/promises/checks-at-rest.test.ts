import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { startAgent } from '../support/agent-process.js'
import { until } from '../support/until.js'

t.test('a check that alternates below its threshold never moves an index', async t => {
  const agent = await startAgent(t, { flags: ['-enable-local-script-checks'] })
  const runs = path.join(agent.directory, 'runs')
  const script = `echo x >> ${runs}; test $(( $(wc -l < ${runs}) % 2 )) -eq 1 || exit 2`
  fs.writeFileSync(
    path.join(agent.conf, 'web.json'),
    JSON.stringify({
      service: {
        name: 'web',
        port: 80,
        check: { args: ['sh', '-c', script], interval: '1s', failures_before_critical: 3 },
      },
    }),
  )
  const check = async (): Promise<{ Status: string; ModifyIndex: number } | undefined> =>
    ((await (await agent.api('/v1/health/checks/web')).json()) as { Status: string; ModifyIndex: number }[])[0]
  const count = (): number => (fs.existsSync(runs) ? fs.readFileSync(runs, 'utf8').trim().split('\n').length : 0)
  const settled = await until('it is passing', async () => {
    const found = await check()
    return found?.Status === 'passing' && found
  })
  const from = count()
  await until('it has run some more times', () => count() >= from + 8, 20_000)
  t.equal((await check())?.ModifyIndex, settled.ModifyIndex)
})

t.test('output that changes with every run wakes no blocking query, and the agent shows the newest', async t => {
  const agent = await startAgent(t, {
    flags: ['-enable-local-script-checks'],
    conf: { 'web.json': { service: { name: 'web', port: 80, check: { args: ['date', '+%s.%N'], interval: '1s' } } } },
  })
  const index = async (): Promise<string | null> =>
    (await agent.api('/v1/health/service/web?passing')).headers.get('x-consul-index')
  const output = async (): Promise<string> =>
    ((await (await agent.api('/v1/agent/checks')).json()) as Record<string, { Output: string }>)['service:web']?.Output
    ?? ''
  const first = await until('the first output is there', async () => await output())
  await until(
    'the catalog has it',
    async () => ((await (await agent.api('/v1/health/service/web?passing')).json()) as unknown[]).length === 1,
  )
  const before = await index()
  const seen = new Set([first])
  await until('the output has changed several times', async () => seen.add(await output()).size >= 6, 20_000)
  t.equal(await index(), before)
})
