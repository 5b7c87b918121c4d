import http from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { untilLost } from '../../src/cli/lock/monitor.js'
import { MusterError } from '../../src/common/errors.js'
import { startAgent, type AgentProcess } from '../support/agent-process.js'
import { muster } from '../support/muster.js'

// What `lock` does when it cannot know, or learns late, whether it holds what it wants to hold.
t.setTimeout(120_000)

const times = { pause: 1, answer: 50, change: 100 }
const running = (): AbortSignal => new AbortController().signal
const silence = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    // As an open connection does, it keeps the process going.
    const open = setInterval(() => undefined, 1000)
    signal.addEventListener('abort', () => {
      clearInterval(open)
      reject(new MusterError('CLI_UNREACHABLE', 'overdue'))
    })
  })

t.test(
  'an agent that does not answer any more has lost us the lock, after as many tries as were asked for',
  async t => {
    for (const retries of [0, 2]) {
      const asked: string[] = []
      const lost = await untilLost(
        {
          isHeld: (index, signal) => {
            asked.push(index)
            return asked.length === 1 ? Promise.resolve({ held: true, index: '7' }) : silence(signal)
          },
        },
        retries,
        running(),
        times,
      )
      t.equal(lost, true)
      t.same(
        asked,
        ['', '7', ...Array.from({ length: retries }, () => '')],
        'after a failure it is asked without waiting for a change',
      )
    }
  },
)

t.test('an answer in time makes earlier failures forgotten', async t => {
  let asked = 0
  const lost = await untilLost(
    { isHeld: (_, signal) => (++asked % 2 === 0 ? silence(signal) : Promise.resolve({ held: asked < 9, index: '1' })) },
    1,
    running(),
    times,
  )
  t.same([lost, asked], [true, 9], 'lost when it was said so, not before')
})

t.test('releasing the lock does not report it as lost', async t => {
  const done = new AbortController()
  const watching = untilLost(
    {
      isHeld: (_, signal) => {
        setImmediate(() => {
          done.abort()
        })
        return silence(signal)
      },
    },
    0,
    done.signal,
    { ...times, answer: 60_000 },
  )
  t.equal(await watching, false)
})

/** Stands in front of an agent and does as `meddle` says with an answer before the client gets it. */
async function front(
  t: Test,
  agent: AgentProcess,
  meddle: (request: http.IncomingMessage, response: http.ServerResponse, answer: () => void) => void,
): Promise<AgentProcess> {
  const server = http.createServer((request, response) => {
    const onward = http.request(
      { host: '127.0.0.1', port: agent.http, method: request.method, path: request.url, headers: request.headers },
      answer => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => {
          chunks.push(chunk)
        })
        answer.on('end', () => {
          meddle(request, response, () => {
            response.writeHead(answer.statusCode ?? 500, answer.headers)
            response.end(Buffer.concat(chunks))
          })
        })
      },
    )
    onward.on('error', () => {
      response.destroy()
    })
    request.pipe(onward)
  })
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve)
  })
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { ...agent, http: (server.address() as AddressInfo).port }
}

t.test('a lock that is given after one has stopped to wait for it is given back', async t => {
  const agent = await startAgent(t, { dev: true })
  let given = 0
  // Long enough for a busy machine to ask for the lock in.
  const timeoutMs = 3000
  const slow = await front(t, agent, (request, _, answer) => {
    if (
      request.method !== 'PUT'
      || !/[?&]acquire=/.test(request.url ?? '')
      || request.url?.includes('.lock') !== true
    ) {
      answer()
      return
    }
    given++
    // The clock of the command began to run before this one.
    setTimeout(answer, timeoutMs)
  })
  const { code, out, err } = await muster(['lock', `-timeout=${timeoutMs}ms`, 'late', 'echo started'], { agent: slow })
  t.same([code, out, err, given], [1, '', 'Shutdown triggered or timeout during lock acquisition\n', 1])
  t.equal((await agent.api('/v1/kv/late?recurse')).status, 404)
  t.same(await (await agent.api('/v1/session/list')).json(), [])
})

t.test('an incomplete answer counts as a failure', async t => {
  const agent = await startAgent(t, { dev: true })
  await agent.api('/v1/kv/k', { method: 'PUT', body: 'value' })
  const torn = await front(t, agent, (_, response) => {
    response.writeHead(200, { 'Content-Length': 100 })
    response.write('[{"LockIndex"', () => {
      response.destroy()
    })
  })
  t.match(await muster(['kv', 'get', 'k'], { agent: torn }), {
    code: 1,
    err: /^Error: the agent at .* cannot be reached: /,
  })
})
