import { spawn, spawnSync } from 'node:child_process'
import path from 'node:path'
import { bound, connect } from './support/agent.js'
import { quantiles, row } from './support/row.js'

const program = path.resolve('dist/muster.js')
const rounds = 100

/**
 * Starts an agent in memory a hundred times; each is to be ready, take a registration and answer for it. Rejects when
 * one does not.
 */
export async function run(): Promise<void> {
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const begun = performance.now()
    const agent = spawn(
      process.execPath,
      [program, 'agent', '-dev', '-node=bench', '-http-port=0', '-dns-port=0', '-log-level=error'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    try {
      const ports = await bound(agent)
      const ready = await fetch(`http://127.0.0.1:${ports.http}/v1/agent/ready`)
      times.push(performance.now() - begun)
      if (ready.status !== 200) throw new Error(`round ${round}: not ready: ${await ready.text()}`)
      await fetch(`http://127.0.0.1:${ports.http}/v1/agent/service/register`, {
        method: 'PUT',
        body: JSON.stringify({ Name: 'web', Port: 80 }),
      })
      const dns = await connect(ports.dns)
      const port = await dns.port('web.service.consul')
      dns.close()
      if (port !== 80) throw new Error(`round ${round}: a registered service is not answered`)
    } finally {
      agent.kill('SIGKILL')
      await new Promise(resolve => agent.once('exit', resolve))
    }
  }
  const bare = performance.now()
  spawnSync(process.execPath, ['-e', '0'])
  const { median, p99 } = quantiles(times)
  row(
    'start',
    `agent -dev until ready (${rounds} times, no failure)`,
    `${median.toFixed(0)} ms`,
    `99%: ${p99.toFixed(0)} ms; bare node ${(performance.now() - bare).toFixed(0)} ms; goal <= 1000 ms`,
  )
}
