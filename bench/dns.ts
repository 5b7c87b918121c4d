import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { row } from './support/row.js'

/**
 * Seconds that each server is asked for at a time, and how often: turns with the echo, of which the best counts, as a
 * noise only takes away.
 */
const duration = 2
const turns = 2

interface Case {
  readonly what: string
  readonly names: readonly string[]
  readonly flags: readonly string[]
  readonly goal: string
}

const cases: readonly Case[] = [
  {
    what: '3 instances, A+SRV',
    names: ['few.service.consul A', 'few.service.consul SRV'],
    flags: [],
    goal: 'goal >= 75,000',
  },
  { what: '100 instances, A (EDNS, all 100)', names: ['many.service.consul A'], flags: ['-e'], goal: 'goal >= 50,000' },
  { what: '100 instances, SRV (EDNS, cut to 4096 bytes)', names: ['many.service.consul SRV'], flags: ['-e'], goal: '' },
  {
    what: 'names that do not exist',
    names: Array.from({ length: 1000 }, (_, i) => `absent-${i}.service.consul A`),
    flags: [],
    goal: '',
  },
]

/**
 * Queries a second of muster's DNS server, each beside a bare UDP echo that was asked the same in the same run. Needs
 * `dnsperf`.
 */
export async function run(): Promise<void> {
  if (spawnSync('dnsperf', ['-h']).error !== undefined) {
    row('dns', 'skipped', '', 'dnsperf is not installed (Debian: apt install dnsperf)')
    return
  }
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'muster-bench-'))
  try {
    for (const { what, names, flags, goal } of cases) {
      const file = path.join(directory, 'names')
      fs.writeFileSync(file, `${names.join('\n')}\n`)
      let echo = 0
      let ours = 0
      for (let turn = 0; turn < turns; turn++) {
        echo = Math.max(echo, await measure('udp-echo', file, flags))
        ours = Math.max(ours, await measure('dns-server', file, flags))
      }
      row(
        'dns',
        what,
        perSecond(ours),
        `bare node udp echo ${perSecond(echo)} (${Math.round((100 * ours) / echo)}%)${goal === '' ? '' : `; ${goal}`}`,
      )
    }
  } finally {
    fs.rmSync(directory, { recursive: true, force: true })
  }
}

const perSecond = (count: number): string => `${Math.round(count).toLocaleString('en')} q/s`

/** Starts a server of `support/`, asks it for a while, and stops it. */
async function measure(server: string, file: string, flags: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [new URL(`./support/${server}.js`, import.meta.url).pathname], {
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
    const { stdout } = spawnSync(
      'dnsperf',
      [
        '-s',
        '127.0.0.1',
        '-p',
        port,
        '-d',
        file,
        '-l',
        String(duration),
        '-c',
        '4',
        '-q',
        '200',
        '-b',
        '4096',
        ...flags,
      ],
      { encoding: 'utf8' },
    )
    const lost = Number(/Queries lost:\s+(\d+)/.exec(stdout)?.[1] ?? Number.NaN)
    const rate = Number(/Queries per second:\s+([\d.]+)/.exec(stdout)?.[1] ?? Number.NaN)
    if (Number.isNaN(rate)) throw new Error(`dnsperf gave no figure:\n${stdout}`)
    if (lost > 0) console.log(`dns    ${server} lost ${lost} queries`)
    return rate
  } finally {
    child.kill('SIGKILL')
    await new Promise(resolve => child.once('close', resolve))
  }
}
