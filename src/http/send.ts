import type { IncomingMessage, ServerResponse } from 'node:http'
import { constants, createGzip, gzip } from 'node:zlib'
import type { Answer, HeaderList } from './answer.js'
import { acceptsGzip, gzipFrom, type PreparedBody } from './prepared-body.js'
import { prettyJson } from './reads.js'

/** How one request's answer is to be written. `common` are the headers that every answer carries. */
export interface SendOptions {
  readonly common: HeaderList
  readonly pretty: boolean
  /** The connection ends with this answer. */
  readonly last: boolean
  readonly gone: () => AbortSignal
}

/** Whether the client takes gzip. */
export const wantsGzip = (request: IncomingMessage): boolean => acceptsGzip(request.headers['accept-encoding'])

/** Writes an answer. Resolves once it has been handed to the socket (a stream: once it has been started). */
export async function send(request: IncomingMessage, response: ServerResponse, answer: Answer, options: SendOptions): Promise<void> {
  const headers = [...options.common, ...answer.kind === 'prepared' ? answer.body.built.headers ?? [] : [], ...answer.headers]
  if (options.last) headers.push('Connection', 'close')
  if (answer.kind === 'stream') {
    stream(request, response, answer, headers, options.gone())
    return
  }
  if (answer.kind === 'empty') {
    end(response, answer.status, [...headers, 'Content-Length', '0'])
    return
  }
  if (answer.kind === 'prepared') {
    await sendPrepared(request, response, answer.body, headers)
    return
  }
  const [bytes, type] = answer.kind === 'text'
    ? [Buffer.from(answer.text), answer.type]
    : [Buffer.from(options.pretty ? prettyJson(answer.value) : JSON.stringify(answer.value)), 'application/json']
  headers.push('Content-Type', type)
  if (bytes.length < gzipFrom || !wantsGzip(request)) end(response, answer.status, lengthOf(headers, bytes), bytes)
  else {
    const packed = await new Promise<Buffer>((resolve, reject) => {
      gzip(bytes, (error, result) => { if (error === null) resolve(result); else reject(error) })
    })
    end(response, answer.status, lengthOf([...headers, 'Content-Encoding', 'gzip'], packed), packed)
  }
}

/** The whole header list of a prepared answer: plain, or gzip when `packed` is given. */
export function preparedHeaders(body: PreparedBody, headers: HeaderList, packed?: Buffer): HeaderList {
  const { built } = body
  const typed = built.type === '' ? headers : [...headers, 'Content-Type', built.type]
  return packed === undefined ? lengthOf(typed, built.bytes) : lengthOf([...typed, 'Content-Encoding', 'gzip'], packed)
}

async function sendPrepared(request: IncomingMessage, response: ServerResponse, body: PreparedBody, headers: HeaderList): Promise<void> {
  const { built } = body
  if (built.bytes.length < gzipFrom || built.type === '' || !wantsGzip(request)) {
    end(response, built.status, preparedHeaders(body, headers), built.bytes)
    return
  }
  const packed = await body.compress()
  end(response, built.status, preparedHeaders(body, headers, packed), packed)
}

function end(response: ServerResponse, status: number, headers: HeaderList, bytes?: Buffer): void {
  if (response.destroyed || response.headersSent) return
  response.writeHead(status, headers as string[])
  response.end(bytes)
}

function stream(request: IncomingMessage, response: ServerResponse, answer: Extract<Answer, { kind: 'stream' }>, headers: HeaderList, gone: AbortSignal): void {
  const typed = [...headers, 'Content-Type', answer.type]
  if (!wantsGzip(request)) {
    response.writeHead(200, typed)
    response.flushHeaders()
    answer.start(response, gone)
    return
  }
  response.writeHead(200, [...typed, 'Content-Encoding', 'gzip'])
  // Each write reaches the client at once: without the flush lines would sit in the compressor.
  const packer = createGzip({ flush: constants.Z_SYNC_FLUSH })
  packer.pipe(response)
  packer.on('error', () => { response.destroy() })
  answer.start(packer, gone)
}

const lengthOf = (headers: HeaderList, bytes: Buffer): HeaderList => [...headers, 'Content-Length', String(bytes.length)]
