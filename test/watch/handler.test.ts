import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/common/clock.js'
import { runHandler } from '../../src/watch/handler.js'
import { Watches, watchPlan } from '../../src/watch/index.js'
import { RecordingLog } from '../support/recording-log.js'
import { until } from '../support/until.js'

interface Seen {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: readonly string[]
  readonly body: string
}

/** A server that keeps what it was asked. */
async function listener(
  t: Test,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ readonly url: string; readonly seen: Seen[] }> {
  const seen: Seen[] = []
  const server = http.createServer((request, response) => {
    let body = ''
    request
      .setEncoding('utf8')
      .on('data', (chunk: string) => {
        body += chunk
      })
      .on('end', () => {
        seen.push({ method: request.method, url: request.url, headers: request.rawHeaders, body })
        answer(request, response)
      })
  })
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve)
  })
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

const call = (config: object, data: unknown = { a: 1 }): Promise<string> =>
  runHandler(
    watchPlan({
      written: { type: 'nodes', handler_type: 'http', http_handler_config: config },
      origin: { file: 'w.json', line: 1, column: 1 },
    }).handler,
    data,
    '42',
    new AbortController().signal,
  )

/** All values of a header, in the order they came. */
const values = ({ headers }: Seen, name: string): readonly string[] =>
  headers.filter((_, i) => i % 2 === 1 && headers[i - 1]?.toLowerCase() === name)

void t.test(
  'a URL is called with the data, the index and the headers of the watch, which replace the usual ones',
  async t => {
    const { url, seen } = await listener(t, (_request, response) => {
      response.end('thanks')
    })
    t.equal(await call({ path: `${url}/hook` }), 'thanks')
    t.equal(
      await call({
        path: `${url}/hook`,
        method: 'PUT',
        header: { 'Content-Type': ['text/x'], 'Host': ['hooks.example'], 'X-Two': ['1', '2'] },
      }),
      'thanks',
    )
    t.equal(await call({ path: `${url.replace('//', '//me:p%40ss@')}/hook` }), 'thanks')
    const [plain, own, known] = seen
    if (plain === undefined || own === undefined || known === undefined) throw new Error('it was not called')
    t.match(plain, { method: 'POST', url: '/hook', body: '{"a":1}' })
    t.same([values(plain, 'content-type'), values(plain, 'x-consul-index')], [['application/json'], ['42']])
    t.equal(own.method, 'PUT')
    t.same(values(known, 'authorization'), [`Basic ${Buffer.from('me:p@ss').toString('base64')}`])
    t.same(
      [values(own, 'content-type'), values(own, 'host'), values(own, 'x-two'), values(own, 'x-consul-index')],
      [['text/x'], ['hooks.example'], ['1', '2'], ['42']],
    )
  },
)

void t.test(
  'a URL that has moved is called where it is now; what it answers otherwise, or not in time, is said',
  async t => {
    const { url, seen } = await listener(t, (request, response) => {
      if (request.url === '/silent') return
      if (request.url === '/moved') response.writeHead(307, { location: '/here' })
      if (request.url?.startsWith('/on/') === true) response.writeHead(307, { location: `${request.url}1` })
      if (request.url === '/bad?key=secret') response.writeHead(503)
      response.end('why')
    })
    await call({ path: `${url}/moved` })
    t.match(seen.at(-1), { method: 'POST', url: '/here', body: '{"a":1}' })
    await t.rejects(call({ path: `${url}/on/` }), { code: 'WATCH_HANDLER', message: `${url} answered 307` })
    t.equal(seen.length, 13, 'it is not followed for ever')
    await t.rejects(call({ path: `${url.replace('//', '//user:secret@')}/bad?key=secret` }), {
      message: `${url} answered 503`,
      hint: 'why',
    })
    await t.rejects(call({ path: `${url}/silent`, timeout: '200ms' }), {
      message: `${url} did not answer within 200ms`,
    })
  },
)

void t.test('headers for one origin are not sent to another', async t => {
  const other = await listener(t, (_request, response) => {
    response.end('there')
  })
  const { url } = await listener(t, (request, response) => {
    response.writeHead(Number(request.url?.slice(1)), { location: `${other.url}/new` })
    response.end()
  })
  const header = { 'Authorization': ['a'], 'Cookie': ['b'], 'X-Consul-Token': ['c'], 'X-Kept': ['d'] }
  await t.rejects(call({ path: `${url}/307`, header }), { message: `${url} answered 307` })
  t.equal(other.seen.length, 0, 'the data stays')
  t.equal(await call({ path: `${url}/302`, header }), 'there')
  const [seen] = other.seen
  if (seen === undefined) throw new Error('it was not called')
  t.match(seen, { method: 'GET', url: '/new', body: '' })
  t.same(
    ['authorization', 'cookie', 'x-consul-token', 'x-kept'].map(name => values(seen, name)),
    [[], [], [], ['d']],
  )
})

void t.test('a program gets the data as one line and the index, and how it ends is said', async t => {
  const run = (...args: string[]): Promise<string> =>
    runHandler({ type: 'script', args }, ['ä', null], '42', new AbortController().signal)
  t.equal(await run('sh', '-c', 'cat; echo $CONSUL_INDEX'), '["ä",null]\n42\n')
  t.equal(await run('true'), '', 'it need not read')
  await t.rejects(run('sh', '-c', 'echo why; exit 3'), {
    code: 'WATCH_HANDLER',
    message: 'the handler sh exited with 3',
    hint: 'why\n',
  })
  await t.rejects(run('/no/such/program'), { message: /^the handler \/no\/such\/program cannot be started: / })
  const output = await run('sh', '-c', 'yes | head -c 100000; echo end')
  t.ok(output.endsWith('end\n') && output.length < 5000, 'the end of its output is kept')
})

void t.test('while a handler runs nothing piles up: then it gets what there is by then', async t => {
  const waiting: ServerResponse[] = []
  const { url, seen } = await listener(t, (_request, response) => {
    waiting.push(response)
  })
  let index = 1
  let asked = 0
  const watches = new Watches({
    clock: systemClock,
    log: new RecordingLog(),
    source: {
      get: async (path, signal) => {
        asked++
        await until('something changes', () => signal.aborted || !path.includes(`index=${index}&`), 30_000)
        signal.throwIfAborted()
        return { status: 200, index: String(index), body: JSON.stringify([{ Key: 'k', ModifyIndex: index }]) }
      },
    },
  })
  t.teardown(() => watches.close())
  watches.update([
    watchPlan({
      written: { type: 'key', key: 'k', handler_type: 'http', http_handler_config: { path: url } },
      origin: { file: 'w.json', line: 1, column: 1 },
    }),
  ])
  await until('it runs', () => waiting.length === 1)
  for (index = 2; index < 20; index++)
    await new Promise(resolve => {
      setImmediate(resolve)
    })
  t.equal(asked, 1, 'nobody asks meanwhile')
  waiting.shift()?.end()
  await until('it runs again', () => waiting.length === 1)
  t.same(
    seen.map(({ body }) => JSON.parse(body) as unknown),
    [
      { Key: 'k', ModifyIndex: 1 },
      { Key: 'k', ModifyIndex: 20 },
    ],
  )
})
