import * as grpc from '@grpc/grpc-js'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { decodeServingStatus, encodeHealthRequest } from '../../src/checks/grpc-health.js'
import { kinds, type CheckResult } from '../../src/checks/index.js'
import { testCertificate } from '../support/certificate.js'
import { context } from './definition.js'

const check = (
  address: string,
  service = '',
  more: { useTls?: boolean; tlsSkipVerify?: boolean; tlsServerName?: string; timeout?: number } = {},
): Promise<CheckResult> =>
  kinds.grpc.run(
    {
      type: 'grpc',
      address,
      service,
      useTls: false,
      tlsServerName: '',
      tlsSkipVerify: false,
      interval: 10_000,
      timeout: 3000,
      ...more,
    },
    context(),
  )

/** A gRPC server with a health service: it knows '' (serving), `down` (not serving) and `silent` (never answers). */
async function serve(t: Test, credentials = grpc.ServerCredentials.createInsecure()): Promise<number> {
  const server = new grpc.Server()
  server.addService(
    {
      Check: {
        path: '/grpc.health.v1.Health/Check',
        requestStream: false,
        responseStream: false,
        requestSerialize: encodeHealthRequest,
        requestDeserialize: (bytes: Buffer) => ({ service: bytes.subarray(2).toString() }),
        responseSerialize: (status: number) => Buffer.from([0x08, status]),
        responseDeserialize: decodeServingStatus,
      },
    },
    {
      Check: (call: grpc.ServerUnaryCall<{ service: string }, number>, callback: grpc.sendUnaryData<number>) => {
        if (call.request.service === '') callback(null, 1)
        else if (call.request.service === 'down') callback(null, 2)
        else if (call.request.service !== 'silent')
          callback({ code: grpc.status.NOT_FOUND, details: 'unknown service' })
      },
    },
  )
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => {
      if (error === null) resolve(bound)
      else reject(error)
    })
  })
  t.teardown(() => {
    server.forceShutdown()
  })
  return port
}

void t.test('statuses', async t => {
  const at = `127.0.0.1:${await serve(t)}`
  t.strictSame(await check(at), { status: 'passing', output: `gRPC check ${at}: success` })
  t.strictSame(await check(at, 'down'), { status: 'critical', output: `gRPC check ${at}/down: NOT_SERVING` })
  t.strictSame(await check(at, 'other'), {
    status: 'critical',
    output: `gRPC check ${at}/other: rpc error: code = NOT_FOUND desc = unknown service`,
  })
  t.match(await check(at, 'silent', { timeout: 150 }), { status: 'critical', output: /DEADLINE_EXCEEDED/ })
  t.match(await check('127.0.0.1:1'), { status: 'critical', output: /UNAVAILABLE.*ECONNREFUSED/ })
  t.match(await check('127.0.0.1'), { status: 'critical', output: /not an address/ })
})

void t.test('tls', async t => {
  const { cert, key } = await testCertificate('check.test')
  const credentials = grpc.ServerCredentials.createSsl(null, [
    { cert_chain: Buffer.from(cert), private_key: Buffer.from(key) },
  ])
  const at = `127.0.0.1:${await serve(t, credentials)}`
  t.match(await check(at, '', { useTls: true }), { status: 'critical', output: /UNAVAILABLE/ })
  t.match(await check(at, '', { useTls: true, tlsSkipVerify: true }), { status: 'passing' })
  t.match(await check(at, '', { useTls: true, tlsSkipVerify: true, tlsServerName: 'check.test' }), {
    status: 'passing',
  })
})

void t.test('the health messages', t => {
  t.strictSame(encodeHealthRequest(''), Buffer.alloc(0))
  t.strictSame(encodeHealthRequest('ab'), Buffer.from([0x0a, 2, 0x61, 0x62]))
  t.strictSame(encodeHealthRequest('x'.repeat(300)).subarray(0, 3), Buffer.from([0x0a, 0xac, 0x02]))
  for (const [name, bytes, expected] of [
    ['nothing', [], 0],
    ['serving', [8, 1], 1],
    ['other fields before and after', [0x12, 2, 9, 9, 0x25, 1, 2, 3, 4, 8, 2, 0x19, 1, 2, 3, 4, 5, 6, 7, 8], 2],
    ['the last one counts', [8, 1, 8, 3], 3],
  ] as const)
    t.equal(decodeServingStatus(Buffer.from(bytes)), expected, name)
  t.throws(() => decodeServingStatus(Buffer.from([8])), /ends too early/)
  t.throws(() => decodeServingStatus(Buffer.from([0x0f])), /not a protobuf/)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), bytes => {
      try {
        return typeof decodeServingStatus(Buffer.from(bytes)) === 'number'
      } catch (error) {
        return error instanceof Error
      }
    }),
  )
  t.end()
})
