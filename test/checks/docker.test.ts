import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { dockerEndpoint } from '../../src/checks/docker-api.js'
import { DockerFrames } from '../../src/checks/docker-frames.js'
import { kinds, type CheckResult } from '../../src/checks/index.js'
import { context } from './definition.js'

const check = (
  containerId: string,
  more: { args?: readonly string[]; shell?: string; timeout?: number; outputMaxSize?: number } = {},
): Promise<CheckResult> =>
  kinds.docker.run(
    { type: 'docker', containerId, shell: '', args: ['true'], interval: 10_000, timeout: 3000, ...more },
    context(more.outputMaxSize),
  )

const frame = (stream: number, text: string): Buffer => {
  const header = Buffer.alloc(8)
  header.writeUInt8(stream, 0)
  header.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([header, Buffer.from(text)])
}

/** Speaks the part of the Docker engine's protocol that exec needs; the container's name says how the program ends. */
function engine(): { server: Server; commands: unknown[]; closed: () => boolean } {
  const commands: unknown[] = []
  let closed = false
  const read = async (request: IncomingMessage): Promise<Record<string, unknown>> => {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
  }
  const server = createServer((request, response) => {
    void read(request).then(body => {
      const [, kind, id = '', verb] = (request.url ?? '').split('/')
      const json = (status: number, value: unknown): void => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
      }
      if (kind === 'containers' && verb === 'exec' && request.method === 'POST') {
        commands.push(body.Cmd)
        if (id === 'none') json(404, { message: 'No such container: none' })
        else json(201, { Id: id })
      } else if (kind === 'exec' && verb === 'start' && request.method === 'POST' && body.Detach === false) {
        response.writeHead(200, { 'content-type': 'application/vnd.docker.raw-stream' })
        response.on('close', () => {
          closed = true
        })
        const bytes = Buffer.concat([frame(1, 'out'), frame(2, ' and err'), frame(1, '')])
        // Cut in the midst of a header.
        response.write(bytes.subarray(0, 13))
        setImmediate(() => {
          response.write(bytes.subarray(13))
          if (id !== 'hangs') response.end()
        })
      } else if (kind === 'exec' && verb === 'json')
        json(200, id === 'odd' ? {} : { ExitCode: Number(id.slice('exit'.length)), Running: false })
      else json(400, { message: `unexpected ${request.method ?? ''} ${request.url ?? ''}` })
    })
  })
  return { server, commands, closed: () => closed }
}

/** Sets DOCKER_HOST for one test. */
function dockerHost(t: Test, value: string): void {
  const before = process.env.DOCKER_HOST
  process.env.DOCKER_HOST = value
  t.teardown(() => {
    if (before === undefined) delete process.env.DOCKER_HOST
    else process.env.DOCKER_HOST = before
  })
}

async function start(t: Test): Promise<ReturnType<typeof engine>> {
  const made = engine()
  const path = join(t.testdir({}), 'docker.sock')
  await new Promise<void>(resolve => {
    made.server.listen(path, resolve)
  })
  t.teardown(
    () =>
      new Promise(resolve => {
        made.server.closeAllConnections()
        made.server.close(resolve)
      }),
  )
  dockerHost(t, `unix://${path}`)
  return made
}

void t.test('over a unix socket', async t => {
  const { commands, closed } = await start(t)
  t.strictSame(await check('exit0'), { status: 'passing', output: 'out and err' })
  t.match(await check('exit1'), { status: 'warning' })
  t.match(await check('exit137'), { status: 'critical', output: 'out and err' })
  t.strictSame(await check('exit0', { outputMaxSize: 3 }), {
    status: 'passing',
    output: 'Captured 3 of 11 bytes\n...\nerr',
  })
  t.strictSame(await check('none'), { status: 'critical', output: 'docker: No such container: none (status 404)' })
  t.match(await check('odd'), { status: 'critical', output: /no exit code/ })
  t.match(await check('a/../b'), { status: 'critical' })
  t.match(await check('hangs', { timeout: 150 }), {
    status: 'critical',
    output: 'Timed out (150ms) running check in container hangs',
  })
  t.ok(closed(), 'and the connection is closed')
  commands.length = 0
  await check('exit0', { args: ['curl', '-f', 'x'] })
  await check('exit0', { args: ['curl x | grep y'], shell: '/bin/bash' })
  await check('exit0', { args: ['curl', 'x y'], shell: '/bin/sh' })
  t.strictSame(commands, [
    ['curl', '-f', 'x'],
    ['/bin/bash', '-c', 'curl x | grep y'],
    ['/bin/sh', '-c', 'exec "$0" "$@"', 'curl', 'x y'],
  ])
})

void t.test('over TCP, and where nobody listens', async t => {
  const { server } = engine()
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve)
  })
  t.teardown(
    () =>
      new Promise(resolve => {
        server.closeAllConnections()
        server.close(resolve)
      }),
  )
  dockerHost(t, `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`)
  t.match(await check('exit0'), { status: 'passing' })
  process.env.DOCKER_HOST = 'unix:///nowhere/docker.sock'
  t.strictSame(await check('exit0'), {
    status: 'critical',
    output: 'docker: dial unix /nowhere/docker.sock: connect: no such file or directory',
  })
  process.env.DOCKER_HOST = 'ssh://x'
  t.match(await check('exit0'), { status: 'critical', output: /DOCKER_HOST is "ssh:\/\/x"/ })
})

void t.test('where the engine is', t => {
  t.strictSame(dockerEndpoint(undefined), { socketPath: '/var/run/docker.sock' })
  t.strictSame(dockerEndpoint('unix:///x.sock'), { socketPath: '/x.sock' })
  t.strictSame(dockerEndpoint('tcp://[::1]'), { host: '::1', port: 2375 })
  t.end()
})

void t.test('frames come out whole however the stream is cut', t => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(1, 2), fc.string()), { maxLength: 12 }),
      fc.array(fc.nat(9), { minLength: 1, maxLength: 60 }),
      (parts, cuts) => {
        const bytes = Buffer.concat(parts.map(([stream, text]) => frame(stream, text)))
        const got: Buffer[] = []
        const frames = new DockerFrames(chunk => {
          got.push(Buffer.from(chunk))
        })
        let at = 0
        for (let i = 0; at < bytes.length; i++) {
          const next = at + (cuts[i % cuts.length] ?? 0) + 1
          frames.push(bytes.subarray(at, next))
          at = next
        }
        return Buffer.concat(got).toString() === parts.map(([, text]) => text).join('')
      },
    ),
  )
  t.end()
})
