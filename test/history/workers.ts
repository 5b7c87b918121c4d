import http from 'node:http'
import type { Operation } from './checker.js'
import type { Input, Output, Version } from './register.js'
import type { StaleRead } from './stale-reads.js'

/** What a history is recorded with. */
export interface Recording {
  readonly operations: Operation[]
  readonly stale: StaleRead[]
  /** Texts of all writes that were tried. */
  readonly written: Set<string>
  /** Errors by text, to see what the faults did. */
  readonly errors: Map<string, number>
}

/** What workers are told about the run: keys to use now, sessions to lock with, chance, and whether to go on. */
export interface Plan {
  keys(): readonly string[]
  readonly sessions: readonly string[]
  readonly random: () => number
  readonly running: () => boolean
}

/** After this a client gives up on an answer, and nobody will know what came of it. */
const timeoutMs = 9_000

/** Answers that promise that nothing was done. */
const refused = /^(No cluster leader|No known Consul servers)/

let counted = 0

/** A client of one server: one operation after the other on keys of the plan, each recorded with what it was told. */
export async function work(client: string, address: string, plan: Plan, recording: Recording): Promise<void> {
  const agent = new http.Agent({ keepAlive: true })
  const seen = new Map<string, number>()
  for (let life = 0; plan.running(); life++) {
    const key = pick(plan.keys(), plan.random)
    const input = choose(plan, seen.get(key) ?? 0)
    if ('value' in input) recording.written.add(input.value)
    const called = performance.now()
    const answer = await ask(agent, address, requestOf(key, input, plan.random() < 0.5 ? 'consistent' : ''))
    const returned = performance.now()
    const name = `${client}.${life}`
    if (answer.kind === 'answer') {
      const output = outputOf(input, answer)
      if (output !== undefined) {
        if ('read' in output && output.read !== undefined) seen.set(key, output.read.index)
        recording.operations.push({ client: name, key, called, returned, input, output })
        continue
      }
    }
    count(recording, answer.text)
    // What was refused, or never reached anybody, did not happen. Anything else may have.
    if (answer.kind !== 'nobody' && !refused.test(answer.text))
      recording.operations.push({ client: name, key, called, input })
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  agent.destroy()
}

/** A client that takes old answers of one server. */
export async function workStale(client: string, address: string, plan: Plan, recording: Recording): Promise<void> {
  const agent = new http.Agent({ keepAlive: true })
  while (plan.running()) {
    const key = pick(plan.keys(), plan.random)
    const called = performance.now()
    const answer = await ask(agent, address, requestOf(key, { kind: 'get' }, 'stale'))
    const output = answer.kind === 'answer' ? outputOf({ kind: 'get' }, answer) : undefined
    if (answer.kind === 'answer' && output !== undefined) {
      recording.stale.push({
        client,
        server: address,
        key,
        called,
        returned: performance.now(),
        index: answer.index,
        output,
      })
    }
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  agent.destroy()
}

/** One consistent read, as a part of the history. Undefined: no answer. */
export async function readOnce(client: string, address: string, key: string): Promise<Operation | undefined> {
  const called = performance.now()
  const answer = await ask(undefined, address, requestOf(key, { kind: 'get' }, 'consistent'))
  const output = answer.kind === 'answer' ? outputOf({ kind: 'get' }, answer) : undefined
  return output === undefined
    ? undefined
    : { client, key, called, returned: performance.now(), input: { kind: 'get' }, output }
}

const count = ({ errors }: Recording, text: string): void => {
  errors.set(text, (errors.get(text) ?? 0) + 1)
}

function pick<T>(list: readonly T[], random: () => number): T {
  const chosen = list[Math.floor(random() * list.length)]
  if (chosen === undefined) throw new Error('nothing to choose from')
  return chosen
}

function choose({ random, sessions }: Plan, index: number): Input {
  const value = `v${++counted}`
  const session = pick(sessions, random)
  const dice = random()
  if (dice < 0.4) return { kind: 'get' }
  if (dice < 0.6) return { kind: 'put', value }
  if (dice < 0.8) return { kind: 'cas', index: random() < 0.1 ? 0 : index, value }
  if (dice < 0.84) return { kind: 'delete' }
  if (dice < 0.88) return { kind: 'delete-cas', index: Math.max(1, index) }
  return dice < 0.95 ? { kind: 'acquire', session, value } : { kind: 'release', session, value }
}

interface Request {
  readonly method: 'GET' | 'PUT' | 'DELETE'
  readonly target: string
  readonly body: string
}

function requestOf(key: string, input: Input, mode: string): Request {
  const target = `/v1/kv/${key}`
  switch (input.kind) {
    case 'get':
      return { method: 'GET', target: `${target}?${mode}`, body: '' }
    case 'put':
      return { method: 'PUT', target, body: input.value }
    case 'cas':
      return { method: 'PUT', target: `${target}?cas=${input.index}`, body: input.value }
    case 'delete':
      return { method: 'DELETE', target, body: '' }
    case 'delete-cas':
      return { method: 'DELETE', target: `${target}?cas=${input.index}`, body: '' }
    case 'acquire':
      return { method: 'PUT', target: `${target}?acquire=${input.session}`, body: input.value }
    case 'release':
      return { method: 'PUT', target: `${target}?release=${input.session}`, body: input.value }
  }
}

type Answer =
  | { readonly kind: 'answer'; readonly status: number; readonly index: number; readonly text: string }
  /** `nobody`: no connection was made, so nothing can have been done. */
  | { readonly kind: 'nobody' | 'lost'; readonly text: string }

function ask(agent: http.Agent | undefined, host: string, { method, target, body }: Request): Promise<Answer> {
  return new Promise(resolve => {
    const request = http.request(
      { host, port: 8500, method, path: target, ...(agent === undefined ? {} : { agent }) },
      response => {
        let text = ''
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString()
        })
        response.once('end', () => {
          resolve({
            kind: 'answer',
            status: response.statusCode ?? 0,
            index: Number(response.headers['x-consul-index'] ?? 0),
            text,
          })
        })
        response.once('error', error => {
          resolve({ kind: 'lost', text: error.message })
        })
      },
    )
    request.setTimeout(timeoutMs, () => {
      request.destroy(new Error('no answer in time'))
    })
    request.once('error', (error: NodeJS.ErrnoException) => {
      resolve({ kind: error.code === 'ECONNREFUSED' ? 'nobody' : 'lost', text: error.code ?? error.message })
    })
    request.end(body)
  })
}

/** What an answer says; undefined when it is an error. */
function outputOf(
  input: Input,
  { status, text }: { readonly status: number; readonly text: string },
): Output | undefined {
  if (input.kind !== 'get')
    return status === 200 && /^(true|false)\s*$/.test(text) ? { done: text.startsWith('true') } : undefined
  if (status === 404 && text === '') return { read: undefined }
  if (status !== 200) return undefined
  const [found] = JSON.parse(text) as { Value: string | null; ModifyIndex: number; Session?: string }[]
  if (found === undefined) return undefined
  const version: Version = {
    value: Buffer.from(found.Value ?? '', 'base64').toString(),
    index: found.ModifyIndex,
    ...(found.Session === undefined ? {} : { session: found.Session }),
  }
  return { read: version }
}
