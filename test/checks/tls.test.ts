import { writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import t, { type Test } from 'tap'
import { kinds, type CheckResult } from '../../src/checks/index.js'
import { checkFromApi, completeCheck } from '../../src/config/complete/index.js'
import { startAgent } from '../support/agent-process.js'
import { testCertificate, type TestCertificate } from '../support/certificate.js'
import { run } from '../support/run.js'
import { until } from '../support/until.js'
import { context } from './definition.js'

const day = 86_400_000
const limits = { checkOutputMaxSize: 4096 }

const check = (port: number, more: object = {}): Promise<CheckResult> =>
  kinds.tls.run(
    {
      type: 'tls',
      address: `127.0.0.1:${port}`,
      warningDays: 28,
      criticalDays: 7,
      interval: 10_000,
      timeout: 3000,
      tlsServerName: 'check.test',
      tlsSkipVerify: true,
      ...more,
    },
    context(),
  )

async function serve(t: Test, server: Server): Promise<number> {
  const sockets = new Set<{ destroy(): unknown }>()
  server.on('connection', socket => sockets.add(socket))
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

/** A certificate for `check.test` that ended yesterday. */
async function expiredCertificate(t: Test): Promise<TestCertificate> {
  const { cert, key } = await testCertificate('check.test')
  const file = join(t.testdir({ cert, key }), 'key')
  const signed = await run('openssl', ['x509', '-in', join(file, '../cert'), '-signkey', file, '-days', '-1'])
  if (signed.code !== 0) throw new Error(signed.err)
  return { cert: signed.out, key }
}

const dateOf = (time: number): string => new Date(time).toISOString().slice(0, 10)

t.test('the days that a certificate has left', async t => {
  const port = await serve(t, createTlsServer(await testCertificate('check.test')))
  // It has two days, less the moments since it was made.
  const output = `The certificate "check.test" of 127.0.0.1:${port} expires on ${dateOf(Date.now() + 2 * day)}, in 1 day`
  for (const [warningDays, criticalDays, status] of [
    [1, 0, 'passing'],
    [1, 1, 'passing'],
    [2, 1, 'warning'],
    [28, 2, 'critical'],
    [2, 2, 'critical'],
  ] as const)
    t.strictSame(
      await check(port, { warningDays, criticalDays }),
      { status, output },
      `${warningDays}, ${criticalDays}`,
    )
})

t.test('a certificate that has expired, is not trusted, or is for others', async t => {
  const expired = await serve(t, createTlsServer(await expiredCertificate(t)))
  const gone = { status: 'critical', output: /^The certificate "check.test" of \S+ expired on \d{4}-\d\d-\d\d$/ }
  t.match(await check(expired), gone, 'accepting any certificate is no reason to accept one that has expired')
  t.match(await check(expired, { tlsSkipVerify: false, criticalDays: 0 }), gone)
  const port = await serve(t, createTlsServer(await testCertificate('check.test')))
  t.strictSame(await check(port, { tlsSkipVerify: false, warningDays: 0, criticalDays: 0 }), {
    status: 'critical',
    output: `The certificate "check.test" of 127.0.0.1:${port}, which expires on ${dateOf(Date.now() + 2 * day)}, is not trusted: self-signed certificate`,
  })
})

t.test('a server that shows no certificate', async t => {
  t.strictSame(await check(1), { status: 'critical', output: 'dial tcp 127.0.0.1:1: connect: connection refused' })
  const silent = await serve(t, createServer())
  t.strictSame(await check(silent, { timeout: 100 }), {
    status: 'critical',
    output: `dial tcp 127.0.0.1:${silent}: timed out after 100ms`,
  })
  const plain = createServer(socket => {
    socket.on('error', () => undefined)
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
  })
  t.match(await check(await serve(t, plain)), { status: 'critical', output: /^dial tcp .*wrong version number/ })
  t.match(await check(0, { address: 'nowhere' }), { status: 'critical', output: /"nowhere" is not an address/ })
})

t.test('what a file and a request may say', async t => {
  const judged = (more: object) => completeCheck({ name: 'c', tls: 'web.test:443', interval: '1h', ...more }, limits)
  t.match(judged({}).definition, {
    kind: {
      type: 'tls',
      address: 'web.test:443',
      warningDays: 28,
      criticalDays: 7,
      interval: 3_600_000,
      timeout: 10_000,
      tlsServerName: '',
      tlsSkipVerify: false,
    },
    written: { TLS: 'web.test:443', Interval: '1h0m0s' },
  })
  t.match(judged({ tls_critical_days: 40 }).definition?.kind, { warningDays: 40, criticalDays: 40 })
  t.match(judged({ tls_warning_days: 5 }).problems, [
    {
      path: ['tls_warning_days'],
      code: 'out-of-range',
      message: 'tls_warning_days is 5, below tls_critical_days, which is 7',
    },
  ])
  t.match(judged({ tls: 'https://web.test' }).problems, [{ path: ['tls'], code: 'bad-address' }])
  const body = { Name: 'c', TLS: 'web.test:443', TLSWarningDays: 14, TLSCriticalDays: 3, Interval: '1h' }
  t.match(checkFromApi(body, limits).kind, { type: 'tls', address: 'web.test:443', warningDays: 14, criticalDays: 3 })
})

t.test('an agent runs what a file declares, and trusts whom it is told to trust', async t => {
  const certificate = await testCertificate('check.test')
  const port = await serve(t, createTlsServer(certificate))
  const trusted = join(t.testdir({}), 'trusted.pem')
  await writeFile(trusted, certificate.cert)
  const shared = { tls: `127.0.0.1:${port}`, tls_critical_days: 0, interval: '1s' }
  const agent = await startAgent(t, {
    dev: true,
    env: { NODE_EXTRA_CA_CERTS: trusted },
    conf: {
      'web.json': {
        checks: [
          { name: 'good', ...shared, tls_warning_days: 1, tls_server_name: 'check.test' },
          { name: 'soon', ...shared, tls_server_name: 'check.test' },
          { name: 'other', ...shared, tls_server_name: 'other.test' },
        ],
      },
    },
  })
  const checks = await until('every check has run', async () => {
    const all = (await (await agent.api('/v1/agent/checks')).json()) as Readonly<Record<string, { Output: string }>>
    return Object.values(all).every(one => one.Output !== '') && all
  })
  t.match(checks, {
    good: { Type: 'tls', Interval: '1s', Status: 'passing' },
    soon: { Type: 'tls', Status: 'warning', Output: /expires on .*, in 1 day$/ },
    other: { Type: 'tls', Status: 'critical', Output: /is not trusted: it is for other names$/ },
  })
})
