import t from 'tap'
import { startAgent } from '../support/agent-process.js'
import { until } from '../support/until.js'

// A full comparison puts foreign edits back within a minute.
t.setTimeout(120_000)

const put = (body: unknown): RequestInit => ({ method: 'PUT', body: JSON.stringify(body) })

t.test(
  "a foreign write on a live agent's node names the owner, and is put back with a log line that says why",
  async t => {
    const agent = await startAgent(t, { conf: { 'web.json': { service: { name: 'web', port: 80 } } } })
    const response = await agent.api(
      '/v1/catalog/register',
      put({ Node: 'n1', Address: '127.0.0.1', Service: { Service: 'zombie', Port: 1 } }),
    )
    t.equal(response.status, 200)
    t.match(response.headers.get('x-muster-warning') ?? '', /n1/)
    const edited = await agent.api(
      '/v1/catalog/register',
      put({ Node: 'n1', Address: '127.0.0.1', Service: { Service: 'web', Port: 99 } }),
    )
    t.match(edited.headers.get('x-muster-warning') ?? '', /web\.json:\d+/)
    await until(
      'both are put back',
      async () => {
        const zombies = (await (await agent.api('/v1/catalog/service/zombie')).json()) as unknown[]
        const [web] = (await (await agent.api('/v1/catalog/service/web')).json()) as { ServicePort: number }[]
        return zombies.length === 0 && web?.ServicePort === 80
      },
      70_000,
    )
    t.match(agent.output(), /zombie/)
  },
)
