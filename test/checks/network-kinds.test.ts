import { createSocket, type Socket } from 'node:dgram'
import { createServer as createHttp2Server, createSecureServer, type Http2Server } from 'node:http2'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import t, { type Test } from 'tap'
import { kinds } from '../../src/checks/index.js'
import { testCertificate } from '../support/certificate.js'
import { context } from './definition.js'

const timed = { interval: 10_000, timeout: 3000 }
const tls = { tlsServerName: '', tlsSkipVerify: false }

async function listening(t: Test, server: Server | Http2Server, host = '127.0.0.1'): Promise<number> {
  const sockets = new Set<{ destroy(): unknown }>()
  server.on('connection', (socket: { destroy(): unknown }) => {
    sockets.add(socket)
  })
  await new Promise<void>(resolve => {
    server.listen(0, host, resolve)
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

void t.test('tcp', async t => {
  const port = await listening(t, createServer())
  const check = (address: string, more = {}) =>
    kinds.tcp.run({ type: 'tcp', address, useTls: false, ...timed, ...tls, ...more }, context())
  for (const host of ['127.0.0.1', 'localhost', '']) {
    t.strictSame(await check(`${host}:${port}`), { status: 'passing', output: `TCP connect ${host}:${port}: Success` })
  }
  for (const address of [`[127.0.0.1]:${port}`, `[localhost]:${port}`, `127.0.0.1:0${port}`])
    t.match(await check(address), { status: 'passing' }, address)
  t.strictSame(
    await check('127.0.0.1:tcpmux'),
    { status: 'critical', output: 'dial tcp 127.0.0.1:tcpmux: connect: connection refused' },
    'the name of a port is looked up',
  )
  t.match(await check('127.0.0.1:no-such-service'), {
    status: 'critical',
    output: /tcp has no service "no-such-service"/,
  })
  t.strictSame(await check('127.0.0.1:1'), {
    status: 'critical',
    output: 'dial tcp 127.0.0.1:1: connect: connection refused',
  })
  t.strictSame(await check('localhost:1'), {
    status: 'critical',
    output: 'dial tcp localhost:1: connect: connection refused',
  })
  t.match(await check('127.0.0.1'), { status: 'critical', output: /"127.0.0.1" is not an address/ })
  t.match(await check(`127.0.0.1:${port}`, { useTls: true, timeout: 100 }), {
    status: 'critical',
    output: `dial tcp 127.0.0.1:${port}: timed out after 100ms`,
  })
  const secure = await listening(t, createTlsServer(await testCertificate('check.test')))
  t.match(await check(`127.0.0.1:${secure}`, { useTls: true }), {
    status: 'critical',
    output: /self-signed certificate/,
  })
  t.match(await check(`127.0.0.1:${secure}`, { useTls: true, tlsSkipVerify: true, tlsServerName: 'check.test' }), {
    status: 'passing',
  })
})

void t.test('tcp over IPv6 where the name has both', async t => {
  const port = await listening(t, createServer(), '::1').catch(() => undefined)
  if (port === undefined) {
    t.comment('no IPv6 here')
    return
  }
  t.match(await kinds.tcp.run({ type: 'tcp', address: `[::1]:${port}`, useTls: false, ...timed, ...tls }, context()), {
    status: 'passing',
  })
  t.match(
    await kinds.tcp.run({ type: 'tcp', address: `[::1%lo]:${port}`, useTls: false, ...timed, ...tls }, context()),
    { status: 'passing' },
    'with its zone',
  )
})

void t.test('udp', async t => {
  const bound = async (answer: boolean): Promise<{ socket: Socket; port: number }> => {
    const socket = createSocket('udp4')
    if (answer)
      socket.on('message', (_bytes, from) => {
        socket.send('pong', from.port, from.address)
      })
    await new Promise<void>(resolve => {
      socket.bind(0, '127.0.0.1', resolve)
    })
    return { socket, port: socket.address().port }
  }
  const check = (address: string, timeout = 3000) =>
    kinds.udp.run({ type: 'udp', address, interval: 10_000, timeout }, context())
  const talking = await bound(true)
  const silent = await bound(false)
  t.teardown(() => {
    talking.socket.close()
    silent.socket.close()
  })
  t.strictSame(await check(`127.0.0.1:${talking.port}`), {
    status: 'passing',
    output: `UDP connect 127.0.0.1:${talking.port}: Success`,
  })
  t.match(await check(`127.0.0.1:${silent.port}`, 100), { status: 'passing' }, 'silence is no refusal')
  const closed = await bound(false)
  await new Promise<void>(resolve => {
    closed.socket.close(resolve)
  })
  t.strictSame(await check(`127.0.0.1:${closed.port}`), {
    status: 'critical',
    output: `dial udp 127.0.0.1:${closed.port}: connect: connection refused`,
  })
  t.match(await check('nowhere'), { status: 'critical', output: /not an address/ })
  t.match(await check('nowhere.invalid:1'), { status: 'critical', output: /no such host|temporary failure/ })
})

void t.test('h2ping', async t => {
  const check = (address: string, more = {}): ReturnType<typeof kinds.h2ping.run> =>
    kinds.h2ping.run({ type: 'h2ping', address, useTls: false, ...timed, ...tls, ...more }, context())
  const plain = await listening(t, createHttp2Server())
  for (const host of ['127.0.0.1', '[127.0.0.1]', '']) {
    t.strictSame(await check(`${host}:${plain}`), { status: 'passing', output: 'HTTP2 ping was successful' }, host)
  }
  const secure = await listening(t, createSecureServer(await testCertificate('check.test')))
  t.match(await check(`127.0.0.1:${secure}`, { useTls: true }), {
    status: 'critical',
    output: /^Failed to dial to 127.0.0.1:\d+: self-signed certificate/,
  })
  t.match(await check(`127.0.0.1:${secure}`, { useTls: true, tlsSkipVerify: true, tlsServerName: 'check.test' }), {
    status: 'passing',
  })
  t.strictSame(await check('127.0.0.1:1'), {
    status: 'critical',
    output: 'Failed to dial to 127.0.0.1:1: connect: connection refused',
  })
  const silent = await listening(t, createServer())
  t.strictSame(await check(`127.0.0.1:${silent}`, { timeout: 100 }), {
    status: 'critical',
    output: `timed out after 100ms connecting to 127.0.0.1:${silent}`,
  })
  const closing = await listening(
    t,
    createServer(socket => {
      socket.end()
    }),
  )
  t.match(await check(`127.0.0.1:${closing}`), { status: 'critical', output: /^Failed to dial/ })
  t.match(await check('x'), { status: 'critical', output: /not an address/ })
})
