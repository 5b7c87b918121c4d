import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { bound, connect, type Resolver } from './support/agent.js'
import { quantiles, row } from './support/row.js'

const program = path.resolve('dist/muster.js')
const count = 5000
const edits = 200

/**
 * 5,000 declared services with a check each: validate, start, one more file, an edit, memory; and how quickly a command
 * starts.
 */
export async function run(): Promise<void> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'muster-bench-'))
  const conf = path.join(directory, 'conf')
  fs.mkdirSync(conf)
  for (let i = 0; i < count; i++)
    fs.writeFileSync(path.join(conf, `service-${i}.json`), declaration(`service-${i}`, 1000 + i))
  try {
    measureCommands(conf)
    await measureAgent(directory, conf)
  } finally {
    fs.rmSync(directory, { recursive: true, force: true })
  }
}

const declaration = (name: string, port: number): string =>
  JSON.stringify({ service: { name, port, tags: ['bench'], check: { ttl: '1h', status: 'passing' } } }, null, 2)

function measureCommands(conf: string): void {
  const bare = timed(() => spawnSync(process.execPath, ['-e', '0']))
  row(
    'cli',
    'muster version',
    ms(timed(() => spawnSync(process.execPath, [program, 'version']))),
    `bare node ${ms(bare)}; goal <= 150 ms`,
  )
  const read = timed(() =>
    spawnSync(process.execPath, [
      '-e',
      `const fs=require('fs');for(const f of fs.readdirSync('${conf}'))JSON.parse(fs.readFileSync('${conf}/'+f,'utf8'))`,
    ]),
  )
  row(
    'files',
    `validate ${count} files`,
    ms(timed(() => spawnSync(process.execPath, [program, 'validate', conf]))),
    `bare read and JSON.parse ${ms(read)}; goal <= 1000 ms`,
  )
}

/** Best of three, in milliseconds. */
function timed(work: () => unknown): number {
  return Math.min(
    ...[1, 2, 3].map(() => {
      const begun = performance.now()
      work()
      return performance.now() - begun
    }),
  )
}

const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`

async function measureAgent(directory: string, conf: string): Promise<void> {
  const begun = performance.now()
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
    const ports = await bound(agent)
    for (;;) {
      const names = Object.keys(
        (await (await fetch(`http://127.0.0.1:${ports.http}/v1/catalog/services`)).json()) as object,
      )
      if (names.length === count + 1) break
    }
    row('files', `start until all ${count} are in the catalog`, ms(performance.now() - begun), 'goal <= 2000 ms')
    row(
      'files',
      `resident memory, ${count} services with checks`,
      `${(resident(agent) / 1024).toFixed(0)} MB`,
      'goal < 200 MB',
    )
    const dns = await connect(ports.dns)
    const dropped = await measureEdits(dns, conf, i => ({ file: `new-${i}.json`, name: `new-${i}`, port: 1 }))
    row(
      'files',
      `file dropped until DNS answers (${edits} times)`,
      ms(dropped.median),
      `99%: ${ms(dropped.p99)}; goal <= 50 ms`,
    )
    const edited = await measureEdits(dns, conf, i => ({ file: 'service-7.json', name: 'service-7', port: 20_000 + i }))
    row(
      'files',
      `file edited until DNS answers (${edits} times)`,
      ms(edited.median),
      `99%: ${ms(edited.p99)}; goal <= 50 ms`,
    )
    row(
      'files',
      `resident memory after ${2 * edits} edits, ${edits} services more`,
      `${(resident(agent) / 1024).toFixed(0)} MB`,
      'without a pause for garbage',
    )
    dns.close()
  } finally {
    agent.kill('SIGKILL')
    await new Promise(resolve => agent.once('exit', resolve))
  }
}

interface Edit {
  readonly file: string
  readonly name: string
  readonly port: number
}

/** Makes one edit after the other, each by rename, and times each until the DNS answer shows its port. */
async function measureEdits(
  dns: Resolver,
  conf: string,
  edit: (i: number) => Edit,
): Promise<{ median: number; p99: number }> {
  const times: number[] = []
  for (let i = 0; i < edits; i++) {
    const { file, name, port } = edit(i)
    const temporary = path.join(conf, `.${file}.tmp`)
    fs.writeFileSync(temporary, declaration(name, port))
    const begun = performance.now()
    fs.renameSync(temporary, path.join(conf, file))
    while ((await dns.port(`${name}.service.consul`)) !== port) await new Promise(resolve => setImmediate(resolve))
    times.push(performance.now() - begun)
  }
  return quantiles(times)
}

/** Kilobytes, as the kernel counts them. */
function resident(agent: ChildProcess): number {
  const status = fs.readFileSync(`/proc/${agent.pid ?? 0}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN)
}
