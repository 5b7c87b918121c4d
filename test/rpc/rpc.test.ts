import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import t from 'tap'
import {
  createRpcClient,
  createRpcServer,
  isUnreachable,
  wasNotSent,
  type RpcClient,
  type RpcServer,
  type RpcServerOptions,
} from '../../src/rpc/index.js'
import { systemClock } from '../../src/common/clock.js'
import { MusterError } from '../../src/common/errors.js'
import { ask } from '../http/support/ask.js'
import { RecordingLog } from '../support/recording-log.js'
import { RecordingMetrics } from '../support/recording-metrics.js'
import { until } from '../support/until.js'

const loopback = { bind: '127.0.0.1', port: 0, allowed: [] }

async function open(
  t: Test,
  parts: Partial<RpcServerOptions> = {},
  register: (server: RpcServer) => void = () => undefined,
): Promise<{ server: RpcServer; lan: string; wan: string }> {
  const server = createRpcServer({
    lan: loopback,
    wan: loopback,
    connectionsPerClient: 0,
    log: new RecordingLog(),
    metrics: new RecordingMetrics(),
    clock: systemClock,
    ...parts,
  })
  register(server)
  await server.start()
  t.teardown(() => server.close())
  return { server, lan: `127.0.0.1:${server.ports.lan}`, wan: `127.0.0.1:${server.ports.wan}` }
}

function calls(t: Test): RpcClient {
  const client = createRpcClient({ clock: systemClock })
  t.teardown(() => {
    client.close()
  })
  return client
}

const failure = async (promise: Promise<unknown>): Promise<MusterError> => {
  try {
    await promise
  } catch (error) {
    if (error instanceof MusterError) return error
    throw error
  }
  throw new Error('it did not fail')
}

/** A front that proxies all it gets to `target()`, as an agent does; 502 when it could not be reached. */
async function front(t: Test, client: RpcClient, target: () => string): Promise<number> {
  const server = http.createServer((request, response) => {
    void client.proxy(target(), request, response).then(done => {
      if (!done) response.writeHead(502).end(request.readableFlowing === null ? 'untouched' : 'touched')
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(
    () =>
      new Promise<void>(resolve => {
        server.closeAllConnections()
        server.close(() => {
          resolve()
        })
      }),
  )
  return (server.address() as AddressInfo).port
}

void t.test('a call brings its body there and the answer back', async t => {
  const { lan } = await open(t, {}, server => {
    server.handle('test/echo', body => Promise.resolve(body))
    server.handle('test/nothing', () => Promise.resolve(undefined))
    server.handle('test/who', (_body, caller) => Promise.resolve(caller.address))
  })
  const client = calls(t)
  t.same(await client.call(lan, 'test/echo', { a: [1, 'ä', null] }), { a: [1, 'ä', null] })
  t.equal(await client.call(lan, 'test/nothing', undefined), undefined)
  t.equal(await client.call(lan, 'test/who', undefined), '127.0.0.1')
  t.same(
    await Promise.all(Array.from({ length: 200 }, (_, i) => client.call(lan, 'test/echo', i))),
    Array.from({ length: 200 }, (_, i) => i),
  )
})

void t.test('an error arrives with code, status, message and hint', async t => {
  const { lan, wan } = await open(t, {}, server => {
    server.handle('test/refuse', () =>
      Promise.reject(new MusterError('X_REFUSED', 'no such thing "x"', { status: 404, hint: 'make one' })),
    )
    server.handle('test/break', () => Promise.reject(new TypeError('oops')))
    server.handle('test/small', body => Promise.resolve(body), { bodyLimit: 10 })
    server.handle('test/both', () => Promise.resolve('both'), { wan: true })
  })
  const client = calls(t)
  t.match(await failure(client.call(lan, 'test/refuse', {})), {
    code: 'X_REFUSED',
    status: 404,
    message: 'no such thing "x"',
    hint: 'make one',
  })
  t.match(await failure(client.call(lan, 'test/break', {})), { code: 'CLUSTER_INTERNAL', status: 500, message: 'oops' })
  t.match(await failure(client.call(lan, 'test/small', 'more than ten bytes')), {
    code: 'CLUSTER_TOO_LARGE',
    status: 413,
  })
  t.match(await failure(client.call(lan, 'test/other', {})), { code: 'CLUSTER_UNKNOWN_METHOD', status: 404 })
  t.match(
    await failure(client.call(wan, 'test/refuse', {})),
    { code: 'CLUSTER_UNKNOWN_METHOD' },
    'what is not for the WAN port is not there',
  )
  t.equal(await client.call(wan, 'test/both', {}), 'both')
})

void t.test('peers of another protocol version are refused with a clear error, on both sides', async t => {
  const { server, lan } = await open(t, {}, server => {
    server.handle('test/echo', body => Promise.resolve(body))
  })
  const { port } = new URL(`http://${lan}`)
  const stranger = await ask(Number(port), '/v1/agent/self')
  t.equal(stranger.status, 400)
  t.match(stranger.body, /the HTTP API is on port 8500/)
  const newer = await ask(Number(port), '/rpc/test/echo', { method: 'POST', headers: { 'muster-protocol': '7-9' } })
  t.match(newer.json(), { code: 'CLUSTER_PROTOCOL', message: /speaks versions 7 to 9 .* this one 1 to 1/ })
  t.equal(
    (await ask(Number(port), '/rpc/ping', { headers: { 'muster-protocol': '1-9' } })).status,
    204,
    'ranges with a version in common',
  )

  const other = http.createServer((_request, response) => {
    response.end('{}')
  })
  await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    other.closeAllConnections()
    other.close()
  })
  t.match(await failure(calls(t).call(`127.0.0.1:${(other.address() as AddressInfo).port}`, 'test/echo', 1)), {
    code: 'CLUSTER_PROTOCOL',
  })
  t.ok(server.ports.wan > 0)
})

void t.test('requests that were not sent are distinguished from unanswered ones', async t => {
  const { server, lan } = await open(t, {}, server => {
    server.handle('test/hang', () => new Promise(() => undefined))
  })
  const client = calls(t)
  const closed = await open(t)
  await closed.server.close()
  const refused = await failure(client.call(closed.lan, 'test/echo', 1))
  t.ok(isUnreachable(refused))
  t.ok(wasNotSent(refused), 'a closed port')
  const slow = await failure(client.call(lan, 'test/hang', 1, { timeout: 50 }))
  t.ok(isUnreachable(slow))
  t.notOk(wasNotSent(slow), 'a timeout')
  const controller = new AbortController()
  const given = failure(client.call(lan, 'test/hang', 1, { signal: controller.signal }))
  controller.abort()
  t.match(await given, { code: 'CLUSTER_ABORTED' })
  await server.close()
})

void t.test('a handler learns that its caller has gone', async t => {
  let begun = 0
  let gone = 0
  const { lan } = await open(t, {}, server => {
    server.handle(
      'test/wait',
      (_body, { aborted }) =>
        new Promise(resolve => {
          begun++
          aborted.addEventListener('abort', () => {
            gone++
            resolve(0)
          })
        }),
    )
  })
  const controller = new AbortController()
  const call = failure(calls(t).call(lan, 'test/wait', 1, { signal: controller.signal, timeout: 60_000 }))
  await until('it has begun', () => begun === 1)
  controller.abort()
  await call
  await until('it has noticed', () => gone === 1)
})

void t.test('only allowed networks may connect, and not too often', async t => {
  const { lan, wan, server } = await open(
    t,
    { wan: { ...loopback, allowed: ['10.0.0.0/8'] }, connectionsPerClient: 3 },
    server => {
      server.handle('test/both', () => Promise.resolve('both'), { wan: true })
    },
  )
  const client = calls(t)
  t.equal(await client.call(lan, 'test/both', 1), 'both')
  t.ok(isUnreachable(await failure(client.call(wan, 'test/both', 1))))
  const sockets = Array.from({ length: 5 }, () => net.connect(Number(lan.split(':')[1]), '127.0.0.1'))
  let cut = 0
  for (const socket of sockets)
    socket
      .on('error', () => undefined)
      .on('close', () => {
        cut++
      })
  await until('those above the limit are cut', () => cut >= 2)
  const before = cut
  server.update(0)
  sockets.push(net.connect(Number(lan.split(':')[1]), '127.0.0.1'))
  sockets
    .at(-1)
    ?.on('error', () => undefined)
    .on('close', () => {
      cut++
    })
  sockets.at(-1)?.write('GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n')
  await once(sockets.at(-1) ?? process, 'data')
  t.equal(cut, before, 'without a limit all are served')
  for (const socket of sockets) socket.destroy()
})

void t.test('a port that is taken is named', async t => {
  const { server } = await open(t)
  const second = createRpcServer({
    lan: { ...loopback, port: server.ports.lan },
    wan: { ...loopback, port: -1 },
    connectionsPerClient: 0,
    log: new RecordingLog(),
    metrics: new RecordingMetrics(),
    clock: systemClock,
  })
  t.match(await failure(second.start()), {
    code: 'CLUSTER_LISTEN',
    message: new RegExp(`cannot listen for agents \\(the cluster port\\) on 127.0.0.1:${server.ports.lan}`),
    hint: /ports.serf_lan/,
  })
  const off = await open(t, { wan: { ...loopback, port: -1 } })
  t.equal(off.server.ports.wan, 0)
})

void t.test('requests of the API are handed on and their answers streamed back', async t => {
  const seen: http.IncomingHttpHeaders[] = []
  const { lan } = await open(t, {}, server => {
    server.serveApi((request, response) => {
      seen.push(request.headers)
      if (request.url === '/v1/upload') {
        let bytes = 0
        request
          .on('data', (chunk: Buffer) => {
            bytes += chunk.length
          })
          .on('end', () => {
            response
              .writeHead(201, ['X-Consul-Index', '7', 'Keep-Alive', 'timeout=9', 'Muster-Secret', 'x'])
              .end(String(bytes))
          })
      } else if (request.url === '/v1/stream') {
        response.writeHead(200).write('one\n')
      } else response.end(`${request.method} ${request.url}`)
    })
  })
  const client = calls(t)
  const port = await front(t, client, () => lan)
  t.equal((await ask(port, '/v1/kv/a?b=%20c')).body, 'GET /v1/kv/a?b=%20c')
  const upload = await ask(port, '/v1/upload', {
    method: 'PUT',
    body: Buffer.alloc(3_000_000),
    headers: {
      'expect': '100-continue',
      'connection': 'keep-alive, x-mine',
      'x-mine': '1',
      'X-Consul-Token': 'abc',
      'muster-hops': '0',
    },
  })
  t.equal(upload.status, 201)
  t.equal(upload.body, '3000000')
  t.equal(upload.headers['x-consul-index'], '7')
  t.match(seen.at(-1), { 'x-consul-token': 'abc', 'x-forwarded-for': '127.0.0.1', 'muster-hops': '1' })
  t.equal(seen.at(-1)?.expect, undefined)
  t.equal(seen.at(-1)?.['x-mine'], undefined, 'what Connection names is not handed on')

  const chunked = http.request({ host: '127.0.0.1', port, path: '/v1/upload', method: 'PUT', agent: false })
  const answered = new Promise<string>(resolve =>
    chunked.on('response', response => {
      response.on('data', (chunk: Buffer) => {
        resolve(chunk.toString())
      })
    }),
  )
  chunked.write('12345')
  chunked.end('67')
  t.equal(await answered, '7', 'a body of unknown length')

  const got = await client.ask(lan, { method: 'GET', target: '/v1/upload' }, new AbortController().signal)
  t.same(got, { status: 201, index: '7', body: '0' })
  const put = await client.ask(
    lan,
    { method: 'PUT', target: '/v1/upload', body: Buffer.from('12345') },
    new AbortController().signal,
  )
  t.same(put, { status: 201, index: '7', body: '5' })
})

void t.test('a stream arrives as it is written and ends when the client goes', async t => {
  let closed = false
  const { lan } = await open(t, {}, server => {
    server.serveApi((_request, response) => {
      response.writeHead(200).write('one\n')
      response.on('close', () => {
        closed = true
      })
    })
  })
  const port = await front(t, calls(t), () => lan)
  const stream = http.get({ host: '127.0.0.1', port, path: '/v1/agent/monitor', agent: false })
  stream.on('error', () => undefined)
  const first = await new Promise<string>(resolve =>
    stream.on('response', response => {
      response
        .on('data', (chunk: Buffer) => {
          resolve(chunk.toString())
        })
        .on('error', () => undefined)
    }),
  )
  t.equal(first, 'one\n')
  stream.destroy()
  await until('the far end has noticed', () => closed)
})

void t.test(
  'an unreachable server leaves the request to the next one; one that goes in the middle does not',
  async t => {
    const dead = await open(t)
    await dead.server.close()
    const port = await front(t, calls(t), () => dead.lan)
    const refused = await ask(port, '/v1/kv/a', { method: 'PUT', body: 'value' })
    t.same([refused.status, refused.body], [502, 'untouched'])

    const breaking = await open(t, {}, server => {
      server.serveApi((request, response) => {
        request.resume().on('end', () => {
          if (request.url === '/v1/half') {
            response.writeHead(200, { 'content-length': 10 }).write('half')
            setImmediate(() => {
              response.destroy()
            })
          } else response.destroy()
        })
      })
    })
    const second = await front(t, calls(t), () => breaking.lan)
    t.equal((await ask(second, '/v1/kv/a')).status, 502, 'a GET changes nothing and may be asked again')
    const lost = await ask(second, '/v1/kv/a', { method: 'PUT', body: 'value' })
    t.equal(lost.status, 500)
    t.match(lost.body, /went away before it answered/)
    await t.rejects(ask(second, '/v1/half', { method: 'PUT', body: 'value' }), 'a broken answer is seen to be broken')
  },
)

void t.test('requests that go round in circles end', async t => {
  const client = calls(t)
  let lan = ''
  const opened = await open(t, {}, server => {
    server.serveApi((request, response) => {
      void client.proxy(lan, request, response)
    })
  })
  lan = opened.lan
  const port = await front(t, client, () => lan)
  const reply = await ask(port, '/v1/kv/a')
  t.equal(reply.status, 508)
  t.match(reply.body, /more than 4 agents/)
})

void t.test('a machine that fell silent does not keep its callers waiting', async t => {
  // A listener whose kernel accepts and which never says anything.
  const mute = net.createServer(() => undefined)
  await new Promise<void>(resolve => mute.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    mute.close()
  })
  const address = `127.0.0.1:${(mute.address() as AddressInfo).port}`
  const error = await failure(calls(t).call(address, 'test/echo', 1, { timeout: 60_000 }))
  t.ok(isUnreachable(error))
  t.match(error.message, /does not answer any more|CLUSTER_GONE/)
})
