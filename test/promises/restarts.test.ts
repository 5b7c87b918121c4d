import t from 'tap'
import { startAgent } from '../support/agent-process.js'
import { muster } from '../support/muster.js'
import { until } from '../support/until.js'
import { startWebServer } from '../support/web-server.js'

const put = (body: unknown): RequestInit => ({ method: 'PUT', body: JSON.stringify(body) })

t.test('no start, stop or kill ever shows a service fewer than there are', async t => {
  const web = await startWebServer(t)
  let agent = await startAgent(t, {
    conf: {
      'web.json': {
        service: { name: 'web', port: 80, check: { http: `http://127.0.0.1:${web.port}/`, interval: '1h' } },
      },
    },
  })
  await agent.api('/v1/agent/service/register', put({ ID: 'api1', Name: 'api', Check: { TTL: '1h' } }))
  await agent.api('/v1/agent/check/pass/service:api1', { method: 'PUT' })
  const passing = async (name: string): Promise<number | 'no answer'> => {
    try {
      const response = await agent.api(`/v1/health/service/${name}?passing`)
      return response.status === 200 ? ((await response.json()) as unknown[]).length : 'no answer'
    } catch {
      return 'no answer'
    }
  }
  await until('both are passing', async () => (await passing('web')) === 1 && (await passing('api')) === 1)

  for (const signal of ['SIGTERM', 'SIGKILL', 'SIGKILL'] as const) {
    const seen: (number | 'no answer')[] = []
    let polling = true
    const poll = (async () => {
      while (polling) {
        seen.push(await passing('web'), await passing('api'))
        await new Promise(resolve => setTimeout(resolve, 10))
      }
    })()
    await agent.stop(signal)
    agent = await agent.restart()
    await until('it answers again', async () => (await passing('web')) === 1 && (await passing('api')) === 1)
    polling = false
    await poll
    t.notOk(seen.includes(0), `${signal}: errors are allowed, an empty list is not`)
  }
})

t.test('ready means that a registration would be answered, each time', async t => {
  for (let round = 0; round < 10; round++) {
    const agent = await startAgent(t, { dev: true })
    const ready = await muster(['ready', '-wait=10s'], { agent })
    t.equal(ready.code, 0, ready.err)
    t.equal((await agent.api('/v1/agent/service/register', put({ Name: 'web', Port: 80 }))).status, 200)
    t.equal(((await (await agent.api('/v1/health/service/web?passing')).json()) as unknown[]).length, 1)
    await agent.stop('SIGKILL')
  }
})

t.test('every acknowledged registration is there after kill -9', async t => {
  let agent = await startAgent(t)
  for (let round = 0; round < 3; round++) {
    const acknowledged: string[] = []
    const writer = (async () => {
      for (let i = 0; ; i++) {
        const name = `round-${round}-${i}`
        try {
          const response = await agent.api(
            '/v1/catalog/register',
            put({ Node: `node-${name}`, Address: '192.0.2.1', Service: { Service: name } }),
          )
          if (response.status !== 200) return
          acknowledged.push(name)
        } catch {
          return
        }
      }
    })()
    await until('some writes are acknowledged', () => acknowledged.length > 50 * (round + 1))
    await agent.stop('SIGKILL')
    await writer
    agent = await agent.restart()
    const names = new Set(
      Object.keys((await (await agent.api('/v1/catalog/services')).json()) as Record<string, unknown>),
    )
    t.same(
      acknowledged.filter(name => !names.has(name)),
      [],
      `${acknowledged.length} writes`,
    )
  }
})
