import { spawn, type ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Test } from 'tap'

/** The built program; tests of whole agents run what users run. MUSTER_PROGRAM: another build of it. */
export const program = path.resolve(process.env.MUSTER_PROGRAM ?? 'dist/muster.js')

/**
 * Runs a program as users do, without what a test runner loads into every Node.js process: `env` becomes that program.
 */
export const plainly = (command: string, args: readonly string[]): [string, string[]] => [
  'env',
  ['-u', 'NODE_OPTIONS', command, ...args],
]

/** A muster agent as a process of its own, on free ports of 127.0.0.1. */
export interface AgentProcess {
  readonly child: ChildProcess
  readonly http: number
  readonly dns: number
  readonly directory: string
  readonly conf: string
  readonly dataDir: string
  /** All that it has printed. */
  output(): string
  /** Sends a signal and waits for the end; resolves with the exit code (null: ended by the signal). */
  stop(signal?: NodeJS.Signals): Promise<number | null>
  /** Starts it again on the same directories and ports, after `stop`. */
  restart(): Promise<AgentProcess>
  api(path: string, init?: RequestInit): Promise<Response>
}

export interface AgentOptions {
  /** Files of the conf directory: texts as they are, anything else as JSON. */
  readonly conf?: Readonly<Record<string, unknown>>
  readonly flags?: readonly string[]
  readonly dev?: boolean
  readonly env?: Readonly<Record<string, string>>
}

/** Starts an agent on temporary directories; the test's end stops it and removes them. */
export async function startAgent(t: Test, options: AgentOptions = {}): Promise<AgentProcess> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'muster-agent-'))
  const conf = path.join(directory, 'conf')
  fs.mkdirSync(conf)
  for (const [name, content] of Object.entries(options.conf ?? {})) writeConf(path.join(conf, name), content)
  const running = new Set<ChildProcess>()
  t.teardown(async () => {
    await Promise.all([...running].map(child => ended(child, 'SIGKILL')))
    fs.rmSync(directory, { recursive: true, force: true })
  })
  return launch({ directory, conf, options, running, http: 0, dns: 0 })
}

/** Writes a file as editors do: a temporary one beside it, then a rename. */
export function writeConf(file: string, content: unknown): void {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.tmp`)
  fs.writeFileSync(temporary, typeof content === 'string' ? content : JSON.stringify(content, null, 2))
  fs.renameSync(temporary, file)
}

interface Launch {
  readonly directory: string
  readonly conf: string
  readonly options: AgentOptions
  readonly running: Set<ChildProcess>
  readonly http: number
  readonly dns: number
}

async function launch(plan: Launch): Promise<AgentProcess> {
  const { directory, conf, options, running } = plan
  const dataDir = path.join(directory, 'data')
  const mode = options.dev === true ? ['-dev'] : ['-data-dir', dataDir]
  const child = spawn(
    ...plainly(process.execPath, [
      program,
      'agent',
      ...mode,
      '-config-dir',
      conf,
      '-node=n1',
      '-bind=127.0.0.1',
      `-http-port=${plan.http}`,
      `-dns-port=${plan.dns}`,
      ...(options.flags ?? []),
    ]),
    { stdio: ['ignore', 'pipe', 'pipe'], cwd: directory, env: { ...process.env, ...options.env } },
  )
  running.add(child)
  child.once('exit', () => {
    running.delete(child)
  })
  let output = ''
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const bound = await new Promise<{ http: number; dns: number }>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => {
      reject(new Error(`the agent exited with ${code}:\n${output}`))
    })
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      const ports = /HTTP: (\d+),.*DNS: (\d+)\)[^]*Log data/.exec(output)
      if (ports !== null) resolve({ http: Number(ports[1]), dns: Number(ports[2]) })
    })
  })
  return {
    child,
    ...bound,
    directory,
    conf,
    dataDir,
    output: () => output,
    stop: signal => ended(child, signal ?? 'SIGTERM'),
    restart: () => launch({ ...plan, ...bound }),
    api: (url, init) => fetch(`http://127.0.0.1:${bound.http}${url}`, init),
  }
}

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode)
  return new Promise(resolve => {
    child.once('exit', code => {
      resolve(code)
    })
    child.kill(signal)
  })
}
