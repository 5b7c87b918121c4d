import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net, { type AddressInfo, type Server } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { bound } from './support/agent.js'
import { cpuSeconds, residentMegabytes } from './support/memory.js'
import { row } from './support/row.js'
import { timeUntil } from './support/until.js'

const program = path.resolve('dist/muster.js')
const services = 5000
/**
 * Services share ports to connect to, as many to each: with one port for all, the kernel would look long for a free
 * local one.
 */
const listeners = 100
const seconds = 20

/**
 * What an agent takes whose 5,000 services have a tcp check every 10 s each, beside a ttl check: memory and CPU time
 * once all have run.
 */
export async function run(): Promise<void> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'muster-bench-'))
  const servers = await Promise.all(Array.from({ length: listeners }, listen))
  try {
    const ports = servers.map(server => (server.address() as AddressInfo).port)
    const conf = path.join(directory, 'conf')
    fs.mkdirSync(conf)
    for (let i = 0; i < services; i++)
      fs.writeFileSync(path.join(conf, `service-${i}.json`), declaration(i, ports[i % listeners] ?? 0))
    const ours = await agentCpu(directory, conf)
    const bare = await bareCpu(ports)
    row(
      'checks',
      `resident memory, ${services} services, tcp and ttl check each`,
      `${ours.megabytes.toFixed(0)} MB`,
      `after ${seconds} s of both`,
    )
    row(
      'checks',
      `CPU of that, ${services / 10} connections a second`,
      percent(ours.cpu),
      `of a core; the same connections made by bare node: ${percent(bare)}`,
    )
  } finally {
    for (const server of servers) server.close()
    fs.rmSync(directory, { recursive: true, force: true })
  }
}

async function listen(): Promise<Server> {
  const server = net.createServer(socket => {
    socket.on('error', () => undefined).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

const declaration = (i: number, port: number): string =>
  JSON.stringify({
    service: {
      name: `service-${i}`,
      port,
      tags: ['bench'],
      checks: [
        { name: 'port', tcp: `127.0.0.1:${port}`, interval: '10s' },
        { name: 'told', ttl: '1h', status: 'passing' },
      ],
    },
  })

const percent = (share: number): string => `${(share * 100).toFixed(1)}%`

/** Runs the agent until every check has passed, then watches it for two intervals. */
async function agentCpu(
  directory: string,
  conf: string,
): Promise<{ readonly cpu: number; readonly megabytes: number }> {
  const agent = spawn(
    process.execPath,
    [
      program,
      'agent',
      '-config-dir',
      conf,
      '-data-dir',
      path.join(directory, 'data'),
      '-node=bench',
      '-bind=127.0.0.1',
      '-http-port=0',
      '-dns-port=0',
      '-log-level=warn',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  try {
    const { http } = await bound(agent)
    const ask = async (path: string): Promise<object> =>
      (await (await fetch(`http://127.0.0.1:${http}${path}`)).json()) as object
    await timeUntil(async () => Object.keys(await ask('/v1/catalog/services')).length > services, 500)
    await timeUntil(async () => Object.keys(await ask('/v1/health/state/critical')).length === 0, 500)
    const cpu = await cpuOver(agent.pid ?? 0, seconds)
    return { cpu, megabytes: residentMegabytes(agent.pid ?? 0) }
  } finally {
    agent.kill('SIGKILL')
    await once(agent, 'exit')
  }
}

/** The same number of connections made by a program that does nothing else. */
async function bareCpu(ports: readonly number[]): Promise<number> {
  const script = `const net = require('node:net'); const ports = ${JSON.stringify(ports)}; let i = 0
    setInterval(() => { for (let k = 0; k < 5; k++) { const socket = net.connect(ports[i++ % ports.length], '127.0.0.1', () => socket.destroy()) } }, ${(1000 * 50) / services})`
  const child = spawn(process.execPath, ['-e', script], { stdio: 'inherit' })
  try {
    return await cpuOver(child.pid ?? 0, seconds / 4)
  } finally {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
}

/** Share of one core that a process takes. */
async function cpuOver(pid: number, duration: number): Promise<number> {
  const before = cpuSeconds(pid)
  const begun = performance.now()
  await new Promise(resolve => setTimeout(resolve, duration * 1000))
  return (cpuSeconds(pid) - before) / ((performance.now() - begun) / 1000)
}
