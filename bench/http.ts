import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { row } from './support/row.js'

/** Seconds that each case is asked for, after one to warm up. */
const duration = 5

const cases = [
  { what: 'health/service?passing, 3 instances', target: '/v1/health/service/few?passing', goal: 40_000 },
  { what: 'health/service?passing, 100 instances', target: '/v1/health/service/many?passing', goal: 20_000 },
] as const

/**
 * Requests a second of muster's HTTP API, each beside a bare node:http server that gives the same bytes in the same
 * run. Needs `wrk`.
 */
export async function run(): Promise<void> {
  if (spawnSync('wrk', ['-v']).error !== undefined) {
    row('http', 'skipped', '', 'wrk is not installed (Debian: apt install wrk)')
    return
  }
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'muster-bench-'))
  const file = path.join(directory, 'answer')
  try {
    for (const { what, target, goal } of cases) {
      const ours = await measure('http-server', [], target, file)
      const bare = await measure('bare-http', [file], target)
      row(
        'http',
        what,
        perSecond(ours),
        `bare node:http ${perSecond(bare)} (${Math.round((100 * ours) / bare)}%), ${fs.statSync(file).size} bytes each; goal >= ${goal.toLocaleString('en')}`,
      )
    }
  } finally {
    fs.rmSync(directory, { recursive: true, force: true })
  }
}

const perSecond = (count: number): string => `${Math.round(count).toLocaleString('en')} req/s`

/**
 * Starts a server of `support/`, asks it for a while, and stops it. Its answer is written to `copy`, if one is named.
 */
async function measure(server: string, args: readonly string[], target: string, copy?: string): Promise<number> {
  const child = spawn(process.execPath, [new URL(`./support/${server}.js`, import.meta.url).pathname, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const port = await new Promise<string>((resolve, reject) => {
      child.once('exit', code => {
        reject(new Error(`${server} exited with ${code}`))
      })
      child.stdout.once('data', (line: Buffer) => {
        resolve(line.toString().trim())
      })
    })
    const url = `http://127.0.0.1:${port}${target}`
    if (copy !== undefined)
      fs.writeFileSync(
        copy,
        Buffer.from(await (await fetch(url, { headers: { 'accept-encoding': 'identity' } })).arrayBuffer()),
      )
    spawnSync('wrk', ['-t1', '-c64', '-d1s', url])
    const { stdout } = spawnSync('wrk', ['-t1', '-c64', `-d${duration}s`, url], { encoding: 'utf8' })
    const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1] ?? Number.NaN)
    if (Number.isNaN(rate) || stdout.includes('Non-2xx')) throw new Error(`wrk gave no clean figure:\n${stdout}`)
    return rate
  } finally {
    child.kill('SIGKILL')
    await new Promise(resolve => child.once('close', resolve))
  }
}
