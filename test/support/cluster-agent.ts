import { spawn, type ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { plainly, program, writeConf } from './agent-process.js'
import { digAt, type Dug } from './dig.js'
import type { Place } from './place.js'
import { killAll, processesOf } from './processes.js'
import { run, type Outcome } from './run.js'
import { until } from './until.js'

/** How an agent of a cluster is started. */
export interface AgentPlan {
  readonly name: string
  readonly place: Place
  /** Its own directory: `conf`, `data` and `log` are made in it. */
  readonly directory: string
  /** Where its data is, when that is not there. */
  readonly dataDir?: string | undefined
  /** `lone`: nothing is said about servers or joining. */
  readonly role: 'server' | 'client' | 'lone'
  /** `bootstrap_expect` of a server. */
  readonly expect?: number
  readonly flags?: readonly string[]
  /** Files of its conf directory: texts as they are, anything else as JSON. */
  readonly conf?: Readonly<Record<string, unknown>>
  readonly env?: Readonly<Record<string, string>>
}

/** An agent at an address of its own, on the default ports. It may be stopped in every way and started again. */
export class ClusterAgent {
  readonly #plan: AgentPlan
  readonly name: string
  readonly conf: string
  readonly dataDir: string
  /** May change while it is stopped: it then starts elsewhere. */
  place: Place
  /** Flags beyond those that the harness gives; may change while it is stopped. */
  flags: readonly string[]
  /** As `flags`. */
  expect: number | undefined
  #child: ChildProcess | undefined
  readonly #log: string

  constructor(plan: AgentPlan) {
    this.#plan = plan

    this.name = plan.name
    this.place = plan.place
    this.flags = plan.flags ?? []
    this.expect = plan.expect
    this.conf = path.join(plan.directory, 'conf')
    this.dataDir = plan.dataDir ?? path.join(plan.directory, 'data')
    this.#log = path.join(plan.directory, 'log')
    fs.mkdirSync(this.conf, { recursive: true })
    for (const [name, content] of Object.entries(plan.conf ?? {})) this.write(name, content)
  }

  get address(): string {
    return this.place.address
  }
  /** Where its HTTP API is. */
  get url(): string {
    return `http://${this.address}:8500`
  }
  get pid(): number | undefined {
    return this.running ? this.#child?.pid : undefined
  }
  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }
  /** All that it has printed, over all its starts. */
  get output(): string {
    return fs.existsSync(this.#log) ? fs.readFileSync(this.#log, 'utf8') : ''
  }
  /** Its etcd processes: one on a server of several, none elsewhere. */
  get etcd(): readonly number[] {
    return processesOf(this.dataDir, 'etcd')
  }

  /** Writes a declaration into its conf directory, as editors do. */
  write(name: string, content: unknown): void {
    writeConf(path.join(this.conf, name), content)
  }

  /**
   * Starts it, and resolves when its HTTP port takes connections. Rejects with what it printed when it ends instead.
   */
  async start(): Promise<this> {
    const role =
      this.#plan.role === 'lone'
        ? []
        : [
            `-server=${this.#plan.role === 'server'}`,
            ...(this.expect === undefined ? [] : [`-bootstrap-expect=${this.expect}`]),
          ]
    const words = [
      'agent',
      `-node=${this.name}`,
      `-bind=${this.address}`,
      `-client=${this.address}`,
      '-data-dir',
      this.dataDir,
      '-config-dir',
      this.conf,
      ...role,
      ...this.flags,
    ]
    const log = fs.openSync(this.#log, 'a')
    const child = spawn(...this.place.command(...plainly(process.execPath, [program, ...words])), {
      stdio: ['ignore', log, log],
      env: { ...process.env, ...this.#plan.env },
    })
    fs.closeSync(log)
    this.#child = child
    await until(
      `${this.name} listens`,
      async () => {
        if (!this.running) return 'ended'
        return await fetch(`${this.url}/v1/agent/self`, { signal: AbortSignal.timeout(2000) }).then(
          () => true,
          () => false,
        )
      },
      60_000,
    )
    if (!this.running) throw new Error(`${this.name} exited with ${child.exitCode}:\n${this.output}`)
    return this
  }

  /**
   * Sends it a signal and waits for its end; resolves with the exit code (null: ended by the signal). Its etcd may live
   * on.
   */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const child = this.#child
    if (child === undefined || !this.running) return child?.exitCode ?? null
    const ended = new Promise<number | null>(resolve => child.once('exit', resolve))
    // A paused process hears nothing.
    child.kill(signal)
    child.kill('SIGCONT')
    return ended
  }

  /** As a machine that loses its power: agent and etcd are gone in the same moment. */
  async crash(): Promise<void> {
    const ended = this.stop('SIGKILL')
    killAll(this.etcd)
    await ended
    killAll(this.etcd)
  }

  /** Agent and etcd stand still, and `resume`. */
  pause(): void {
    this.#signal('SIGSTOP')
  }
  resume(): void {
    this.#signal('SIGCONT')
  }

  api(target: string, init?: RequestInit): Promise<Response> {
    return fetch(`${this.url}${target}`, { signal: AbortSignal.timeout(20_000), ...init })
  }

  /** The JSON of a GET; rejects with status and text when it is not 200. */
  async get<T>(target: string): Promise<T> {
    const response = await this.api(target)
    if (response.status !== 200)
      throw new Error(`GET ${target} of ${this.name}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }

  /** A PUT with a JSON body (a text as it stands); rejects when the answer is not 200, resolves with its text. */
  async put(target: string, body?: unknown): Promise<string> {
    const response = await this.api(target, {
      method: 'PUT',
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    if (response.status !== 200) throw new Error(`PUT ${target} of ${this.name}: ${response.status} ${text}`)
    return text
  }

  /** Runs a command of the program against it. */
  cli(...args: readonly string[]): Promise<Outcome> {
    return run(...plainly(process.execPath, [program, ...args]), {
      env: { MUSTER_HTTP_ADDR: '', CONSUL_HTTP_ADDR: `${this.address}:8500` },
    })
  }

  dig(...args: readonly string[]): Promise<Dug> {
    return digAt(this.address, 8600, ...args)
  }

  /** Ends all that runs of it, for the end of a test. */
  async end(): Promise<void> {
    await this.crash()
    killAll(processesOf(this.#plan.directory))
  }

  #signal(signal: NodeJS.Signals): void {
    killAll([...(this.pid === undefined ? [] : [this.pid]), ...this.etcd], signal)
  }
}
