import type { Clock } from '../common/clock.js'
import { MusterError, errorMessage } from '../common/errors.js'
import type { JobPlace } from './job.js'

/** The HTTP API of this agent from within its process. Rejects when `signal` is aborted. */
export interface OwnApi {
  get(path: string, signal: AbortSignal): Promise<OwnAnswer>
  put(path: string, body: Buffer, signal: AbortSignal): Promise<OwnAnswer>
}

interface OwnAnswer {
  readonly status: number
  readonly body: string
}

/** Milliseconds: how long servers may be away while a job runs, and how soon they are asked again. */
const timingMs = { away: 15_000, retry: 500 }
/** Pieces of output that the five digits of their keys can count. */
const maxPieces = 100_000

/**
 * What this agent writes about a job, in the keys that Consul's agents use: `<prefix>/<session>/<node>/` and `ack`,
 * `out/00000`, `exit`. Each is taken for the session of the job, so that nothing is left of them when it ends. Methods
 * reject with EXEC_OVER when the session has ended, or when servers were away too long; with anything when `signal` is
 * aborted.
 */
export class JobReports {
  readonly #api: OwnApi
  readonly #clock: Clock
  readonly #place: JobPlace
  readonly #node: string
  readonly #signal: AbortSignal
  #pieces = 0

  constructor({
    api,
    clock,
    place,
    node,
    signal,
  }: {
    readonly api: OwnApi
    readonly clock: Clock
    readonly place: JobPlace
    readonly node: string
    readonly signal: AbortSignal
  }) {
    this.#api = api
    this.#clock = clock
    this.#place = place
    this.#node = node
    this.#signal = signal
  }

  /** The value of the job's key; undefined when there is none, or the session does not hold it. */
  async job(): Promise<Buffer | undefined> {
    const { status, body } = await this.#withRetries(() => this.#api.get(this.#path('job'), this.#signal))
    if (status !== 200) return undefined
    const [entry] = JSON.parse(body) as readonly { readonly Session?: string; readonly Value: string | null }[]
    return entry?.Session?.toLowerCase() === this.#place.session.toLowerCase()
      ? Buffer.from(entry.Value ?? '', 'base64')
      : undefined
  }

  acknowledge(): Promise<void> {
    return this.#write('ack', Buffer.alloc(0))
  }

  /** A piece of output; an empty one says that the program still runs. */
  output(piece: Buffer): Promise<void> {
    const number = this.#pieces++
    if (number >= maxPieces) return Promise.reject(over('it has written too much, or for too long'))
    return this.#write(`out/${String(number).padStart(5, '0')}`, piece)
  }

  exit(code: number): Promise<void> {
    return this.#write('exit', Buffer.from(String(code)))
  }

  async #write(what: string, value: Buffer): Promise<void> {
    const path = `${this.#path(`${encodeURIComponent(this.#node)}/${what}`)}?acquire=${this.#place.session}`
    const { status, body } = await this.#withRetries(() => this.#api.put(path, value, this.#signal))
    if (status !== 200 || body.trim() !== 'true')
      throw over(status === 200 ? 'its keys were taken by another session' : body.trim())
  }

  #path(key: string): string {
    const prefix = this.#place.prefix.split('/').map(encodeURIComponent).join('/')
    return `/v1/kv/${prefix}/${this.#place.session}/${key}`
  }

  /** Asks again while servers are away. */
  async #withRetries(ask: () => Promise<OwnAnswer>): Promise<OwnAnswer> {
    const until = this.#clock.monotonic() + timingMs.away
    for (;;) {
      let trouble: string
      try {
        const answer = await ask()
        if (!mayPass(answer)) return answer
        trouble = answer.body.trim()
      } catch (error) {
        this.#signal.throwIfAborted()
        trouble = errorMessage(error)
      }
      if (this.#clock.monotonic() >= until) throw over(`the servers could not be asked: ${trouble}`)
      await new Promise<void>(resolve => {
        this.#clock.after(timingMs.retry, resolve)
      })
      this.#signal.throwIfAborted()
    }
  }
}

/** Whether the same request may be answered otherwise in a moment. A session that has ended does not come back. */
const mayPass = ({ status, body }: OwnAnswer): boolean =>
  (status >= 500 && !body.includes('invalid session')) || status === 429

const over = (why: string): MusterError => new MusterError('EXEC_OVER', `the job is over: ${why}`)
