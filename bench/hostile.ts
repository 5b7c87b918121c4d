import { spawn } from 'node:child_process'
import { quantiles, row } from './support/row.js'

/** Hostile requests at once: more than a core could do in a second. */
const atOnce = 9

const cases = [
  { what: 'filter (a|b)*a(a|b){11}Z on 2,000 texts', expression: 'Service.Meta.k matches "(a|b)*a(a|b){11}Z"' },
  { what: 'filter that is refused as too costly', expression: 'Service.Meta.k matches "(a|b)*a(a|b){100}Z"' },
  { what: 'filter of 100 comparisons on 2,000 texts', expression: Array.from({ length: 100 }, (_, i) => `Service.Meta.k != "${i}"`).join(' and ') },
] as const

/** How long a short question waits while hostile filters are worked off, beside the same question while nothing else is asked. */
export async function run(): Promise<void> {
  const child = spawn(process.execPath, [new URL('./support/http-server.js', import.meta.url).pathname, 'texts'], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const port = await new Promise<string>((resolve, reject) => {
      child.once('exit', code => { reject(new Error(`the server exited with ${code}`)) })
      child.stdout.once('data', (line: Buffer) => { resolve(line.toString().trim()) })
    })
    const base = `http://127.0.0.1:${port}`
    await probed(base, sleep(500))
    const idle = await probed(base, sleep(1000))
    for (const { what, expression } of cases) {
      const url = `${base}/v1/health/service/texts?filter=`
      const begin = performance.now()
      // Each is a question of its own: equal ones would share one answer.
      const busy = await probed(base, Promise.all(Array.from({ length: atOnce }, (_, i) => fetch(url + encodeURIComponent(`${expression} and Service.ID != "${i}"`)).then(answer => answer.arrayBuffer()))))
      const took = performance.now() - begin
      row('stall', what, `${busy.max.toFixed(1)} ms`, `longest wait of ${busy.count} short questions beside ${atOnce} such (median ${busy.median.toFixed(1)}, 99% ${busy.p99.toFixed(1)} ms; all done in ${Math.round(took)} ms); idle ${idle.max.toFixed(1)} ms; goal <= 50 ms`)
    }
  } finally {
    child.kill('SIGKILL')
    await new Promise(resolve => child.once('close', resolve))
  }
}

const sleep = (ms: number): Promise<void> => new Promise(resolve => { setTimeout(resolve, ms) })

/** Asks one short question after the other until something is done. Times in milliseconds. */
async function probed(base: string, until: Promise<unknown>): Promise<{ readonly count: number; readonly max: number; readonly median: number; readonly p99: number }> {
  let over = false
  void until.finally(() => { over = true })
  const waits: number[] = []
  while (!over) {
    const begin = performance.now()
    await (await fetch(`${base}/v1/status/leader`)).arrayBuffer()
    waits.push(performance.now() - begin)
  }
  await until
  return { count: waits.length, max: Math.max(...waits), ...quantiles(waits) }
}
