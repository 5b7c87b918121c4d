import { spawn, type ChildProcess } from 'node:child_process'
import type { Stall } from './support/http-server.js'
import { row } from './support/row.js'

/** Hostile requests at once: more than a core could do in a second. */
const atOnce = 9

const cases = [
  { what: 'filter (a|b)*a(a|b){11}Z on 2,000 texts', expression: 'Service.Meta.k matches "(a|b)*a(a|b){11}Z"' },
  { what: 'filter that is refused as too costly', expression: 'Service.Meta.k matches "(a|b)*a(a|b){100}Z"' },
  {
    what: 'filter of 100 comparisons on 2,000 texts',
    expression: Array.from({ length: 100 }, (_, i) => `Service.Meta.k != "${i}"`).join(' and '),
  },
] as const

/**
 * How long the agent's event loop stands still while hostile filters are worked off, beside an agent that nobody asks.
 */
export async function run(): Promise<void> {
  const child = spawn(process.execPath, [new URL('./support/http-server.js', import.meta.url).pathname, 'texts'], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  try {
    const port = await new Promise<string>((resolve, reject) => {
      child.once('exit', code => {
        reject(new Error(`the server exited with ${code}`))
      })
      child.stdout?.once('data', (line: Buffer) => {
        resolve(line.toString().trim())
      })
    })
    // What its start took is no matter here.
    await stall(child)
    await new Promise(resolve => {
      setTimeout(resolve, 1000)
    })
    const idle = await stall(child)
    for (const { what, expression } of cases) {
      const begin = performance.now()
      // Each is a question of its own: equal ones would share one answer.
      await Promise.all(
        Array.from({ length: atOnce }, (_, i) =>
          fetch(
            `http://127.0.0.1:${port}/v1/health/service/texts?filter=${encodeURIComponent(`${expression} and Service.ID != "${i}"`)}`,
          ).then(answer => answer.arrayBuffer()),
        ),
      )
      const took = Math.round(performance.now() - begin)
      const { max, p99 } = await stall(child)
      row(
        'stall',
        what,
        `${max.toFixed(1)} ms`,
        `longest stop beside ${atOnce} such at once (99% ${p99.toFixed(1)} ms; all done in ${took} ms); idle ${idle.max.toFixed(1)} ms; goal <= 50 ms`,
      )
    }
  } finally {
    child.kill('SIGKILL')
    await new Promise(resolve => child.once('close', resolve))
  }
}

/** How long the server's event loop has stood still since it was asked last. */
const stall = (child: ChildProcess): Promise<Stall> =>
  new Promise(resolve => {
    child.once('message', found => {
      resolve(found as Stall)
    })
    child.send('stall')
  })
