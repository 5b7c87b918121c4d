import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo } from 'node:net'
import path from 'node:path'
import t, { type Test } from 'tap'
import type { RegisterRequest } from '../../src/catalog/index.js'
import { temporaryDirectory } from '../support/temporary-directory.js'
import { until } from '../support/until.js'
import { startDns } from './support/fixture.js'

/** Listens on every address of this machine, 127.1.0.1 and its neighbours among them. Resolves with the port. */
async function backends(t: Test): Promise<number> {
  const server = createServer(socket => {
    socket.on('error', () => undefined).end()
  })
  server.listen(0, '0.0.0.0')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
  })
  return (server.address() as AddressInfo).port
}

const instances = (name: string, count: number, port: number): RegisterRequest[] =>
  Array.from({ length: count }, (_, i) => ({
    node: `n${i}`,
    address: `127.1.0.${i + 1}`,
    service: { id: name, name, port },
  }))

interface Haproxy {
  /** Servers of a backend that HAProxy has an address for and whose health checks pass. */
  up(backend: string): Promise<number>
  /** A counter of a `resolvers` section, see HAProxy's management guide, "show resolvers". */
  counter(section: string, name: string): Promise<number>
}

async function startHaproxy(t: Test, config: string): Promise<Haproxy> {
  const directory = temporaryDirectory(t)
  const socket = path.join(directory, 'admin.sock')
  const file = path.join(directory, 'haproxy.cfg')
  await writeFile(
    file,
    `global\n  stats socket ${socket}\ndefaults\n  mode tcp\n  timeout connect 5s\n  timeout client 5s\n  timeout server 5s\n  timeout check 5s\n${config}`,
  )
  const child = spawn('haproxy', ['-db', '-q', '-f', file], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const ask = async (command: string): Promise<string> => {
    const admin = connect(socket)
    admin.end(`${command}\n`)
    let answer = ''
    for await (const chunk of admin) answer += String(chunk)
    return answer
  }
  return {
    // The columns of a line: be_id be_name srv_id srv_name srv_addr srv_op_state; 2 is running.
    up: async backend =>
      (await ask(`show servers state ${backend}`))
        .split('\n')
        .map(line => line.split(' '))
        .filter(([, , , , address, state]) => address?.startsWith('127.1.') === true && state === '2').length,
    counter: async (section, name) =>
      Number(
        new RegExp(`Resolvers section ${section}\\n[^]*?${name}:\\s+(\\d+)`).exec(
          await ask(`show resolvers ${section}`),
        )?.[1],
      ),
  }
}

void t.test('HAProxy finds every instance and keeps it, by A and by SRV', async t => {
  const port = await backends(t)
  const dns = await startDns(t, { entries: [...instances('four', 4, port), ...instances('sixty', 60, port)] })
  const resolvers = (name: string, more: string): string =>
    `resolvers ${name}\n  nameserver muster 127.0.0.1:${dns.port}\n  timeout resolve 30ms\n  timeout retry 1s\n  ${more}\n`
  const backend = (name: string, servers: number, target: string, section: string): string =>
    `backend ${name}\n  server-template s 1-${servers} ${target} check inter 200ms resolvers ${section} resolve-prefer ipv4 init-addr none\n`
  // HAProxy's own payload size, 512, stands for plain UDP: 3 answers, others each time. `hold obsolete` keeps those
  // that were seen before.
  const haproxy = await startHaproxy(
    t,
    [
      resolvers('usual', 'hold obsolete 60s'),
      resolvers('forgetful', 'hold valid 1s'),
      resolvers('roomy', 'accepted_payload_size 4096'),
      backend('four', 4, `four.service.consul:${port}`, 'usual'),
      backend('sixty', 60, `sixty.service.consul:${port}`, 'usual'),
      backend('changing', 4, `four.service.consul:${port}`, 'forgetful'),
      backend('sixty_at_once', 60, `sixty.service.consul:${port}`, 'roomy'),
      backend('sixty_srv', 60, '_sixty._tcp.service.consul', 'roomy'),
    ].join(''),
  )
  const all = [
    ['four', 4],
    ['sixty', 60],
    ['sixty_at_once', 60],
    ['sixty_srv', 60],
    ['changing', 3],
  ] as const
  for (const [name, servers] of all)
    await until(`${name} has all ${servers}`, async () => (await haproxy.up(name)) === servers, 30_000)
  for (const section of ['usual', 'forgetful', 'roomy']) {
    const before = await haproxy.counter(section, 'valid')
    await until(
      `${section} has asked again and again`,
      async () => (await haproxy.counter(section, 'valid')) >= before + 20,
    )
    t.strictSame(
      [await haproxy.counter(section, 'truncated'), await haproxy.counter(section, 'invalid')],
      [0, 0],
      section,
    )
  }
  for (const [name, servers] of all.slice(0, -1)) t.equal(await haproxy.up(name), servers, `${name} keeps them`)
})
