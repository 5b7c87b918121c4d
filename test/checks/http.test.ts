import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net'
import t, { type Test } from 'tap'
import { kinds, type CheckResult } from '../../src/checks/index.js'
import { testCertificate } from '../support/certificate.js'
import { context } from './definition.js'

type Options = Parameters<typeof kinds.http.run>[0]

const options = (url: string, overrides: Partial<Options> = {}): Options => ({
  type: 'http',
  url,
  method: 'GET',
  header: {},
  body: '',
  disableRedirects: false,
  tlsServerName: '',
  tlsSkipVerify: false,
  interval: 10_000,
  timeout: 5000,
  ...overrides,
})

const check = (url: string, overrides: Partial<Options> = {}, outputMaxSize = 4096): Promise<CheckResult> =>
  kinds.http.run(options(url, overrides), context(outputMaxSize))

/** Listens on a free port until the test ends; resolves with the port. */
async function listening(t: Test, server: Server): Promise<number> {
  const sockets = new Set<{ destroy(): unknown }>()
  server.on('connection', socket => {
    sockets.add(socket)
  })
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve)
  })
  t.teardown(
    () =>
      new Promise(resolve => {
        for (const socket of sockets) socket.destroy()
        server.close(resolve)
      }),
  )
  return (server.address() as AddressInfo).port
}

const serve = (t: Parameters<typeof listening>[0], listener: RequestListener): Promise<number> =>
  listening(t, createServer(listener))

void t.test('status and output', async t => {
  const port = await serve(t, (request, response) => {
    response.writeHead(Number((request.url ?? '').slice(1)))
    response.end('the body')
  })
  for (const [code, status, phrase] of [
    [200, 'passing', 'OK'],
    [299, 'passing', 'unknown'],
    [429, 'warning', 'Too Many Requests'],
    [404, 'critical', 'Not Found'],
    [503, 'critical', 'Service Unavailable'],
    [304, 'critical', 'Not Modified'],
    [302, 'critical', 'Found'],
  ] as const) {
    const body = code === 304 ? '' : 'the body'
    t.strictSame(await check(`http://127.0.0.1:${port}/${code}`), {
      status,
      output: `HTTP GET http://127.0.0.1:${port}/${code}: ${code} ${phrase} Output: ${body}`,
    })
  }
})

void t.test('what is sent', async t => {
  const seen: (IncomingMessage & { text?: string })[] = []
  const port = await serve(t, (request: IncomingMessage & { text?: string }, response) => {
    seen.push(request)
    request.text = ''
    request.on('data', chunk => {
      request.text += String(chunk)
    })
    request.on('end', () => {
      response.end()
    })
  })
  await check(`http://127.0.0.1:${port}/a?b=c`)
  await check(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    body: 'pïng',
    header: { 'Host': ['other.test'], 'X-Many': ['1', '2'], 'USER-AGENT': ['mine'], 'Accept': ['a/b'], 'X-None': [] },
  })
  await check(`http://me:secret@127.0.0.1:${port}/`, { body: 'x' })
  const [plain, rich, auth] = seen
  t.match(plain, {
    method: 'GET',
    url: '/a?b=c',
    text: '',
    headers: {
      'host': `127.0.0.1:${port}`,
      'user-agent': 'Consul Health Check',
      'accept': 'text/plain, text/*, */*',
      'connection': 'close',
    },
  })
  t.match(rich, {
    method: 'POST',
    text: 'pïng',
    headers: { 'host': 'other.test', 'user-agent': 'mine', 'accept': 'a/b', 'x-many': '1, 2', 'content-length': '5' },
  })
  t.notOk(rich && 'x-none' in rich.headers)
  t.match(auth, {
    method: 'GET',
    text: 'x',
    headers: { authorization: `Basic ${Buffer.from('me:secret').toString('base64')}` },
  })
})

void t.test('a password in the URL does not show in the output', async t => {
  const result = await check('http://me:secret@127.0.0.1:1/')
  t.equal(result.output, 'HTTP GET http://me:xxxxx@127.0.0.1:1/: dial tcp 127.0.0.1:1: connect: connection refused')
})

void t.test('only the last bytes of a large body are kept', async t => {
  const port = await serve(t, (_request, response) => {
    for (let i = 0; i < 200; i++) response.write('x'.repeat(10_000))
    response.end('the end')
  })
  const result = await check(`http://127.0.0.1:${port}/`, {}, 10)
  t.equal(result.output, `HTTP GET http://127.0.0.1:${port}/: 200 OK Output: xxxthe end`)
})

void t.test('redirects', async t => {
  const seen: string[] = []
  const elsewhere = await serve(t, (request, response) => {
    const { host, authorization, 'x-kept': kept } = request.headers
    seen.push(`${request.method ?? ''} ${host ?? ''} ${authorization ?? 'none'} ${String(kept)}`)
    response.end('arrived')
  })
  const port = await serve(t, (request, response) => {
    const [, code, where] = (request.url ?? '').split('/')
    const { host, 'content-length': length } = request.headers
    seen.push(`${request.method ?? ''} ${request.url ?? ''} ${host ?? ''} ${length ?? 'no'} body`)
    if (code === undefined || code === '') {
      response.end('home')
      return
    }
    const location = {
      home: '/',
      loop: `/${code}/loop`,
      away: `http://localhost:${elsewhere}/`,
      port: `http://127.0.0.1:${elsewhere}/`,
      ftp: 'ftp://x/',
    }[where ?? '']
    response.writeHead(Number(code), location === undefined ? {} : { location })
    response.end('moved')
  })
  const at = `http://127.0.0.1:${port}`
  t.equal((await check(`${at}/302/home`)).output, `HTTP GET ${at}/302/home: 200 OK Output: home`)
  t.match(await check(`${at}/302/home`, { disableRedirects: true }), {
    status: 'critical',
    output: `HTTP GET ${at}/302/home: 302 Found Output: moved`,
  })
  t.match(await check(`${at}/302/loop`), {
    status: 'critical',
    output: `HTTP GET ${at}/302/loop: stopped after 10 redirects`,
  })
  t.match(await check(`${at}/302/ftp`), { status: 'critical', output: /unsupported protocol scheme "ftp"/ })
  seen.length = 0
  await check(`${at}/303/home`, { method: 'POST', body: 'b', header: { Host: ['named'] } })
  await check(`${at}/307/home`, { method: 'POST', body: 'b' })
  await check(`${at}/302/home`, { method: 'HEAD' })
  t.strictSame(seen, [
    'POST /303/home named 1 body',
    'GET / named no body',
    `POST /307/home 127.0.0.1:${port} 1 body`,
    `POST / 127.0.0.1:${port} 1 body`,
    `HEAD /302/home 127.0.0.1:${port} no body`,
    `HEAD / 127.0.0.1:${port} no body`,
  ])
  seen.length = 0
  await check(`${at}/302/away`, { header: { 'Authorization': ['secret'], 'X-Kept': ['yes'], 'Host': ['named'] } })
  t.equal(seen[1], `GET localhost:${elsewhere} none yes`, 'secrets stay with their origin')
  seen.length = 0
  await check(`${at}/302/port`, { header: { Authorization: ['secret'] } })
  t.equal(seen[1], `GET 127.0.0.1:${elsewhere} none undefined`, 'another port is another origin')
  seen.length = 0
  t.match(await check(`${at}/307/port`, { method: 'POST', body: 'b' }), {
    status: 'critical',
    output: /: 307 Temporary Redirect Output: moved$/,
  })
  t.equal(seen.length, 1, 'method and body stay with their origin')
})

void t.test('the timeout is for the headers; of a body that does not end, what came in time is shown', async t => {
  const silent = await listening(
    t,
    createTcpServer(() => undefined),
  )
  t.strictSame(await check(`http://127.0.0.1:${silent}/`, { timeout: 60 }), {
    status: 'critical',
    output: `HTTP GET http://127.0.0.1:${silent}/: timed out after 60ms awaiting the answer`,
  })
  const slow = await serve(t, (request, response) => {
    response.writeHead(Number((request.url ?? '').slice(1)))
    response.write('begun')
  })
  for (const [code, status, phrase] of [
    [200, 'passing', 'OK'],
    [429, 'warning', 'Too Many Requests'],
    [500, 'critical', 'Internal Server Error'],
  ] as const) {
    t.strictSame(
      await check(`http://127.0.0.1:${slow}/${code}`, { timeout: 300 }),
      { status, output: `HTTP GET http://127.0.0.1:${slow}/${code}: ${code} ${phrase} Output: begun` },
      'the status is there',
    )
  }
})

void t.test('the status of an answer decides, whatever else is odd about it', async t => {
  const ok = 'Content-Length: 2\r\n\r\nok'
  const answers: Readonly<Record<string, readonly [answer: string, output: string]>> = {
    'long headers': [`HTTP/1.1 200 OK\r\nX: ${'a'.repeat(2_000_000)}\r\n${ok}`, '200 OK Output: ok'],
    'bare line feeds': ['HTTP/1.1 200 OK\nX: y\nContent-Length: 2\n\nok', '200 OK Output: ok'],
    'a length beside chunks': [
      'HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
      '200 OK Output: ok',
    ],
    'both of them': [
      'HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nContent-Length: 2\n\n2\nok\n0\n\n',
      '200 OK Output: ok',
    ],
    'control characters': [`HTTP/1.1 200 OK\r\nX: a\x01\x1b[2J\x7f\r\n${ok}`, '200 OK Output: ok'],
    'a folded header': [`HTTP/1.1 200 OK\r\nX: a\r\n b\r\n${ok}`, '200 OK Output: ok'],
    'a body shorter than promised': ['HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nshort', '200 OK Output: short'],
    'more than promised': [`HTTP/1.1 200 OK\r\nConnection: close\r\n${ok} and more`, '200 OK Output: '],
    'chunks that are none': ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n', '200 OK Output: '],
    'a length said twice': [`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${ok}`, '200 OK Output: '],
    'an empty length': ['HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nok', '200 OK Output: '],
    'an unreadable header after a bad status': [`HTTP/1.1 503 Not Now\r\nX Y: a\r\n${ok}`, '503 Not Now Output: '],
    'no phrase': [`HTTP/1.1 200\r\n${ok}`, '200  Output: ok'],
  }
  let answer = ''
  const port = await listening(
    t,
    createTcpServer(socket => {
      socket
        .on('error', () => undefined)
        .once('data', () => {
          socket.end(answer, 'latin1')
        })
    }),
  )
  const url = `http://127.0.0.1:${port}/`
  for (const [what, [text, output]] of Object.entries(answers)) {
    answer = text
    t.strictSame(
      await check(url),
      { status: output.startsWith('503') ? 'critical' : 'passing', output: `HTTP GET ${url}: ${output}` },
      what,
    )
  }
  for (const text of ['SSH-2.0-x\r\n', `HTTP/9 200 OK\r\n${ok}`]) {
    answer = text
    t.match(await check(url), { status: 'critical', output: /Parse Error/ }, text.slice(0, 7))
  }
  answer = 'HTTP/1.1 200 OK\r\nX: y'
  t.match(await check(url), { status: 'critical', output: /socket hang up|reset/ }, 'headers without an end')
})

void t.test('addresses as Go reads them', async t => {
  const hosts: unknown[] = []
  const port = await serve(t, (request, response) => {
    hosts.push(request.headers.host)
    response.end()
  })
  for (const host of ['[127.0.0.1]', '', '[localhost]'])
    t.match(await check(`http://${host}:${port}/`), { status: 'passing' }, host)
  t.strictSame(hosts, [`127.0.0.1:${port}`, `localhost:${port}`, `localhost:${port}`])
})

void t.test('what cannot be sent is critical, not thrown', async t => {
  t.match(await check('not a url'), { status: 'critical', output: /"not a url" is not a URL/ })
  t.match(await check('http://127.0.0.1:1/', { header: { 'bad name': ['x'] } }), {
    status: 'critical',
    output: /bad name/,
  })
  t.match(await check('http://127.0.0.1:1/', { method: 'B D' }), { status: 'critical', output: /Method/ })
  t.match(await check('http://nowhere.invalid/'), {
    status: 'critical',
    output: /dial tcp nowhere.invalid:80: (no such host|temporary failure)/,
  })
})

void t.test('an aborted run ends at once', async t => {
  const silent = await listening(
    t,
    createTcpServer(() => undefined),
  )
  const abort = new AbortController()
  const running = kinds.http.run(options(`http://127.0.0.1:${silent}/`, { timeout: 60_000 }), {
    signal: abort.signal,
    outputMaxSize: 100,
  })
  abort.abort()
  t.equal((await running).status, 'critical')
  t.equal(
    (await kinds.http.run(options(`http://127.0.0.1:${silent}/`), { signal: abort.signal, outputMaxSize: 100 })).status,
    'critical',
  )
})

void t.test('https', async t => {
  const names: unknown[] = []
  const server = createSecureServer(await testCertificate('check.test'), (_request, response) => {
    response.end('safe')
  })
  server.on('secureConnection', socket => {
    names.push(socket.servername)
  })
  const port = await listening(t, server)
  t.match(await check(`https://127.0.0.1:${port}/`), { status: 'critical', output: /self-signed certificate/ })
  t.match(await check(`https://localhost:${port}/`, { tlsSkipVerify: true, header: { Host: ['x.test'] } }), {
    status: 'passing',
    output: /Output: safe$/,
  })
  t.match(await check(`https://127.0.0.1:${port}/`, { tlsSkipVerify: true, tlsServerName: 'check.test' }), {
    status: 'passing',
  })
  t.match(await check(`https://127.0.0.1:${port}/`, { tlsSkipVerify: true }), { status: 'passing' })
  t.strictSame(
    names.slice(-3),
    ['localhost', 'check.test', false],
    'the name asked for is that of the URL or tls_server_name, never the Host header',
  )
})
