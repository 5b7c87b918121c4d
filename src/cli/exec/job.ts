import { MusterError } from '../../common/errors.js'
import { unexpected, type Client } from '../client.js'
import { kvQuery, kvWrite } from '../kv.js'

/** What agents are asked to run. Agents read it from the KV store; the names of its keys are Consul's. */
export interface Job {
  readonly Command: string
  /** A script, base64; null for a command. */
  readonly Script: string | null
  /** Program and arguments, for a job without a shell. */
  readonly Args: readonly string[]
  /** Nanoseconds. */
  readonly Wait: number
}

/** Who shall run it: regular expressions, '' for all. */
export interface Receivers {
  readonly node: string
  readonly service: string
  readonly tag: string
}

/** Something that an agent has written about a job. */
export type Report =
  | { readonly kind: 'ack'; readonly node: string }
  /** Empty output says that the program still runs. */
  | { readonly kind: 'output'; readonly node: string; readonly text: string }
  | { readonly kind: 'exit'; readonly node: string; readonly code: number }

/** Where a job is kept: `<prefix>/<session>/job`. */
export interface JobPlace {
  readonly prefix: string
  readonly session: string
}

/** Writes the job, for agents to read once they are told of it. @throws MusterError CLI_ANSWER, CLI_UNREACHABLE */
export async function writeJob(client: Client, { prefix, session }: JobPlace, job: Job): Promise<void> {
  if (
    !(await kvWrite(client, 'PUT', `${prefix}/${session}/job`, { acquire: session }, Buffer.from(JSON.stringify(job))))
  ) {
    throw new MusterError('CLI_EXEC', `the key ${prefix}/${session}/job could not be taken for the session`)
  }
}

/**
 * Tells agents of a job by an event, which names where it is, and resolves with the event's id. @throws MusterError
 * CLI_ANSWER, CLI_UNREACHABLE
 */
export async function announceJob(client: Client, { prefix, session }: JobPlace, to: Receivers): Promise<string> {
  const query = Object.fromEntries(Object.entries(to).filter(([, pattern]) => pattern !== ''))
  const answer = await client.request(
    'PUT',
    '/v1/event/fire/_rexec',
    query,
    JSON.stringify({ Prefix: prefix, Session: session }),
  )
  if (answer.status !== 200) throw unexpected(answer)
  return (JSON.parse(answer.body) as { ID: string }).ID
}

/** Reads what agents write about a job, each thing once. */
export class Reports {
  readonly #client: Client
  readonly #prefix: string
  readonly #seen = new Set<string>()
  #index = ''

  constructor(client: Client, { prefix, session }: JobPlace) {
    this.#client = client
    this.#prefix = `${prefix}/${session}/`
  }

  /** What is new, output before exit codes, waiting for something until `signal` is aborted. Rejects when it is. */
  async next(signal: AbortSignal): Promise<readonly Report[]> {
    const { pairs, index } = await kvQuery(
      this.#client,
      this.#prefix,
      { recurse: '', ...(this.#index !== '' && { index: this.#index, wait: '10s' }) },
      signal,
    )
    this.#index = index
    const fresh = pairs.filter(({ key }) => !this.#seen.has(key))
    for (const { key } of fresh) this.#seen.add(key)
    const reports = fresh.flatMap(({ key, value }) => reportIn(key.slice(this.#prefix.length), value))
    return [...reports.filter(({ kind }) => kind !== 'exit'), ...reports.filter(({ kind }) => kind === 'exit')]
  }
}

/** `<node>/ack`, `<node>/out/00000` and `<node>/exit`; others are no reports. */
function reportIn(key: string, value: Buffer): readonly Report[] {
  const [node = '', what = '', chunk] = key.split('/')
  if (what === 'ack') return [{ kind: 'ack', node }]
  if (what === 'out' && chunk !== undefined) return [{ kind: 'output', node, text: value.toString('utf8') }]
  const code = Number(value.toString('utf8'))
  return what === 'exit' && Number.isInteger(code) ? [{ kind: 'exit', node, code }] : []
}
