import type { Clock, Timer } from '../../common/clock.js'
import { MusterError, errorMessage } from '../../common/errors.js'
import { retryDelay } from '../../common/retry-delay.js'
import { Repeats, type Logger } from '../../telemetry/index.js'
import { memberMethods, type HeartbeatAnswer } from '../membership/types.js'
import { readServer } from '../server-messages.js'
import { Shape } from '../../rpc/index.js'
import type { AgentInfo } from '../types.js'
import type { ServerPool } from './server-pool.js'

/** What heartbeats need. */
export interface HeartbeatsOptions {
  readonly pool: ServerPool
  readonly self: () => AgentInfo
  readonly tags: () => Readonly<Record<string, string>>
  readonly clock: Clock
  /** From 0 to below 1. */
  readonly random: () => number
  readonly log: Logger
  /** Each answer; `appeared`: the one before had failed, or there was none. */
  readonly answered: (answer: HeartbeatAnswer, appeared: boolean) => void
  /** Nobody answered, so often in a row. */
  readonly missed: (times: number) => void
}

/**
 * A heartbeat must be answered within this time: a third of the shortest lease is the rhythm, so two more fit in.
 * Milliseconds.
 */
const timeoutMs = 2500
/** Between attempts while nobody answers: at once after the first failure, then with some distance. */
const retryMs = { min: 250, max: 3000 }

/**
 * Tells a server, again and again, that this agent lives. The first heartbeat also makes it a member and puts its node
 * into the catalog.
 */
export class Heartbeats {
  readonly #options: HeartbeatsOptions
  #timer: Timer | undefined
  #misses = 0
  #answers = 0
  #answered: number | undefined
  readonly #failures: Repeats
  #membersRevision = 0
  #stopped = false
  #beating: Promise<void> = Promise.resolve()

  constructor(options: HeartbeatsOptions) {
    this.#options = options
    this.#failures = new Repeats(options.log, options.clock)
  }

  /** Wall-clock ms of the last answer; undefined: none in this run. */
  get lastAnswer(): number | undefined {
    return this.#answered
  }

  /** Whether the last heartbeat was answered. */
  get connected(): boolean {
    return this.#answers > 0 && this.#misses === 0
  }

  /**
   * The first heartbeat, with the next ones to follow. Resolves when it was answered or nobody could answer it.
   * @throws MusterError with which a server refused this agent (its name or address is another's)
   */
  async start(): Promise<void> {
    const failed = await this.#beat()
    if (failed instanceof MusterError && isRefusal(failed)) throw failed
  }

  /** A server has become known: no need to wait for the next attempt. */
  sendSoon(): void {
    if (this.connected || this.#stopped) return
    this.#schedule(0)
  }

  /**
   * A server has become known, and whoever waits for this one wants to be a member: resolves when the next heartbeat
   * was answered, or nobody could answer it.
   */
  async now(): Promise<void> {
    if (this.connected || this.#stopped) return
    this.#timer?.cancel()
    await (this.#beating = this.#beating.then(async () => {
      if (!this.connected && !this.#stopped) await this.#beat()
    }))
  }

  /** Ends them; resolves when the last one is done. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    await this.#beating
  }

  async #beat(): Promise<unknown> {
    const { pool, self, tags, answered, random } = this.#options
    let failure: unknown
    try {
      const answer = await heartbeat(pool, self(), tags(), this.#membersRevision)
      const appeared = this.#misses > 0 || this.#answers === 0
      this.#misses = 0
      this.#answers++
      this.#answered = this.#options.clock.now()
      this.#failures.over()
      this.#membersRevision = answer.membersRevision
      pool.replace(answer.servers)
      if (!this.#stopped) answered(answer, appeared)
      this.#schedule(Math.max(100, answer.every) * (0.9 + random() * 0.2))
    } catch (error) {
      failure = error
      this.#failed(error)
    }
    return failure
  }

  #failed(error: unknown): void {
    const { missed, random } = this.#options
    this.#misses++
    const text = errorMessage(error)
    this.#failures.tell('warn', "no server takes this agent's heartbeat", text, { error: text })
    if (this.#stopped) return
    missed(this.#misses)
    this.#schedule(retryDelay(retryMs, this.#misses + 1) * (0.75 + random() * 0.5))
  }

  #schedule(ms: number): void {
    this.#timer?.cancel()
    if (this.#stopped) return
    this.#timer = this.#options.clock.after(ms, () => {
      this.#beating = this.#beating.then(async () => {
        if (!this.#stopped) await this.#beat()
      })
    })
  }
}

/**
 * One heartbeat: it makes the agent a member, or keeps it one. Rejects with what the server that has looked at the
 * agent says against it, or with why none could be asked.
 */
export async function heartbeat(
  pool: ServerPool,
  info: AgentInfo,
  tags: Readonly<Record<string, string>>,
  membersRevision = 0,
): Promise<HeartbeatAnswer> {
  return readAnswer(
    await pool.call(
      memberMethods.heartbeat,
      { info, tags, members: membersRevision },
      { timeout: timeoutMs, mayRepeat: true },
    ),
  )
}

/** A server has looked at the agent and will not have it; all else may pass by itself. */
export const isRefusal = ({ status, code }: MusterError): boolean =>
  status >= 400 && status < 500 && code !== 'CLUSTER_UNKNOWN_METHOD'

/** @throws MusterError CLUSTER_MESSAGE */
function readAnswer(body: unknown): HeartbeatAnswer {
  const answer = new Shape(body, 'the answer to a heartbeat')
  return {
    ttl: answer.number('ttl'),
    every: answer.number('every'),
    servers: answer.list('servers', 64, readServer),
    datacenters: answer.list('datacenters', 1024, String),
    membersRevision: answer.number('membersRevision'),
    leader: answer.optionalText('leader') ?? '',
    peers: answer.list('peers', 64, String),
  }
}
