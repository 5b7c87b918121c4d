import { request, type IncomingMessage, type RequestOptions } from 'node:http'
import { MusterError } from '../common/errors.js'
import { fieldsOf } from '../common/plain-data.js'
import { networkReason } from './dial-error.js'
import { DockerFrames } from './docker-frames.js'

/** Where the Docker engine listens. */
export type DockerEndpoint = { readonly socketPath: string } | { readonly host: string; readonly port: number }

/** Answers of the engine's JSON calls are small; one that is larger than this is not from a Docker engine. */
const maxAnswer = 1 << 20

/**
 * Reads a DOCKER_HOST value; without one, the usual socket.
 * @throws MusterError DOCKER_HOST for what is neither `unix://` nor `tcp://` or `http://`.
 */
export function dockerEndpoint(text: string | undefined): DockerEndpoint {
  if (text === undefined || text === '') return { socketPath: '/var/run/docker.sock' }
  if (text.startsWith('unix://')) return { socketPath: text.slice('unix://'.length) }
  if (/^(tcp|http):\/\//.test(text) && URL.canParse(text)) {
    const url = new URL(text.replace(/^tcp:/, 'http:'))
    return { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? 2375 : Number(url.port) }
  }
  throw new MusterError('DOCKER_HOST', `DOCKER_HOST is "${text}": unix://PATH and tcp://HOST:PORT are understood`)
}

/** Makes one call and reads its JSON answer. Rejects with the engine's own message when it refuses. */
export async function dockerJson(
  endpoint: DockerEndpoint,
  method: 'GET' | 'POST',
  path: string,
  body: unknown,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  const response = await call(endpoint, method, path, body, signal)
  return fieldsOf(JSON.parse(await text(response)) as unknown)
}

/**
 * Makes a call whose answer is a multiplexed stream, and gives `on` the bytes of stdout and stderr; resolves at its
 * end.
 */
export async function dockerStream(
  endpoint: DockerEndpoint,
  path: string,
  body: unknown,
  on: (chunk: Buffer) => void,
  signal: AbortSignal,
): Promise<void> {
  const response = await call(endpoint, 'POST', path, body, signal)
  const frames = new DockerFrames(on)
  for await (const chunk of response) frames.push(chunk as Buffer)
}

async function call(
  endpoint: DockerEndpoint,
  method: string,
  path: string,
  body: unknown,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const payload = body === undefined ? undefined : JSON.stringify(body)
  const described =
    payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }
  const options: RequestOptions = {
    ...endpoint,
    method,
    path,
    signal,
    agent: false,
    headers: { host: 'docker', ...described },
  }
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(options, resolve)
    sent.on('error', error => {
      const where = 'socketPath' in endpoint ? `unix ${endpoint.socketPath}` : `tcp ${endpoint.host}:${endpoint.port}`
      reject(new Error(`dial ${where}: ${networkReason(error)}`, { cause: error }))
    })
    sent.end(payload)
  })
  const status = response.statusCode ?? 0
  if (status >= 200 && status <= 299) return response
  throw new Error(refusal(status, await text(response)))
}

async function text(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response) {
    size += (chunk as Buffer).length
    if (size > maxAnswer) throw new Error('the answer is larger than any of a Docker engine')
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function refusal(status: number, body: string): string {
  try {
    const { message } = fieldsOf(JSON.parse(body) as unknown)
    if (typeof message === 'string') return `${message} (status ${status})`
  } catch {
    // Not JSON: shown as it is.
  }
  return `status ${status}: ${body.slice(0, 200)}`
}
