import { spawn } from 'node:child_process'
import { row, quantiles } from './support/row.js'
import { withLoneAgent } from './support/lone-agent.js'
import { WaitingClients } from './support/waiting-clients.js'
import { ms } from './support/wrk.js'

const count = 10_000
const rounds = 5

/**
 * So many clients blocked on one key, all woken by one write, beside a bare node:http server that holds and answers as
 * many.
 */
export async function run(): Promise<void> {
  let ours: readonly number[] = []
  await withLoneAgent({ 'limits.json': { limits: { http_max_conns_per_client: 2 * count } } }, async agent => {
    await agent.put('/v1/kv/key', 'v')
    const clients = await WaitingClients.open(agent.address, 8500, count)
    ours = await median(
      clients,
      async () => {
        const index = (await agent.api('/v1/kv/key')).headers.get('x-consul-index')
        clients.ask(`/v1/kv/key?index=${index}&wait=300s`)
      },
      round => agent.put('/v1/kv/key', `v${round}`),
    )
    clients.close()
  })
  const child = spawn(process.execPath, [new URL('./support/bare-blocked.js', import.meta.url).pathname], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const port = Number(
      await new Promise(resolve =>
        child.stdout.once('data', (line: Buffer) => {
          resolve(line.toString())
        }),
      ),
    )
    const clients = await WaitingClients.open('127.0.0.1', port, count)
    const body = JSON.stringify([
      { LockIndex: 0, Key: 'key', Flags: 0, Value: 'djE=', CreateIndex: 10, ModifyIndex: 20 },
    ])
    const bare = await median(
      clients,
      async () => {
        clients.ask('/v1/kv/key')
      },
      () => fetch(`http://127.0.0.1:${port}/`, { method: 'PUT', body }),
    )
    clients.close()
    row(
      'http',
      `${count.toLocaleString('en')} blocked on one key: half have the write`,
      ms(quantiles(ours).median),
      `bare node:http ${ms(quantiles(bare).median)}`,
    )
    row(
      'http',
      `${count.toLocaleString('en')} blocked on one key: the last has it`,
      ms(Math.max(...ours)),
      `bare node:http ${ms(Math.max(...bare))}`,
    )
  } finally {
    child.kill('SIGKILL')
    await new Promise(resolve => child.once('close', resolve))
  }
}

/** The round whose last client was neither the quickest nor the slowest. */
async function median(
  clients: WaitingClients,
  ask: () => Promise<void>,
  wake: (round: number) => Promise<unknown>,
): Promise<readonly number[]> {
  const all: (readonly number[])[] = []
  for (let round = 0; round < rounds; round++) {
    await ask()
    // Nobody tells when a server has read all requests; the first round would show it if this were too short.
    await new Promise(resolve => setTimeout(resolve, 1500))
    all.push(await clients.woken(() => wake(round)))
  }
  return all.sort((a, b) => Math.max(...a) - Math.max(...b))[Math.floor(rounds / 2)] ?? []
}
