import type { IncomingMessage, ServerResponse } from 'node:http'
import { constants, createGzip, gzip } from 'node:zlib'
import type { EndSignal } from '../../common/end-signal.js'
import { text, type Answer } from '../answer/answer.js'
import type { HeaderList } from '../header-list.js'
import { acceptsGzip, gzipFrom, type Built, type PreparedBody } from '../answer/prepared-body.js'
import { prettyJson } from '../reads/reads.js'
import type { UnreadAnswers } from '../answer/unread-answers.js'

/** How one request's answer is to be written. `common` are the headers that every answer carries. */
export interface SendOptions {
  readonly common: HeaderList
  readonly pretty: boolean
  /** The connection ends with this answer. */
  readonly last: boolean
  readonly gone: () => EndSignal
  readonly unread: UnreadAnswers
}

/** Whether the client takes gzip. */
const wantsGzip = (request: IncomingMessage): boolean => acceptsGzip(request.headers['accept-encoding'])

/** Writes an answer. Resolves once it has been handed to the socket (a stream: once it has been started). */
export async function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  options: SendOptions,
): Promise<void> {
  const common = options.last ? [...options.common, 'Connection', 'close'] : options.common
  if (answer.kind === 'stream') {
    stream(request, response, answer, [...common, ...answer.headers], options.gone())
    return
  }
  const flat = flatten(answer, options.pretty)
  const room = options.unread.admit(response, answer.kind === 'prepared' ? answer.body : flat.bytes, flat.bytes.length)
  const { status, bytes, type, headers } = room ? flat : flatten(noRoom, false)
  const typed = type === '' ? [...common, ...headers] : [...common, ...headers, 'Content-Type', type]
  if (!room || answer.kind === 'bytes' || bytes.length < gzipFrom || type === '' || !wantsGzip(request))
    end(response, status, lengthOf(typed, bytes), bytes)
  else {
    const packed = answer.kind === 'prepared' ? await answer.body.compress() : await pack(bytes)
    end(response, status, lengthOf([...typed, 'Content-Encoding', 'gzip'], packed), packed)
  }
}

const noRoom = text('too many large answers wait for their readers: try again', 503, ['Retry-After', '1'])

/** An answer as it is on the wire, but for what is added to each. A stream has no bytes of its own to give. */
export function flatten(answer: Answer, pretty: boolean): Required<Built> {
  switch (answer.kind) {
    case 'prepared': {
      const { status, type, bytes, headers } = answer.body.built
      return { status, type, bytes, headers: headers === undefined ? answer.headers : [...headers, ...answer.headers] }
    }
    case 'text':
      return { status: answer.status, type: answer.type, bytes: Buffer.from(answer.text), headers: answer.headers }
    case 'json':
      return {
        status: answer.status,
        type: 'application/json',
        bytes: Buffer.from(pretty ? prettyJson(answer.value) : JSON.stringify(answer.value)),
        headers: answer.headers,
      }
    case 'bytes':
      return answer
    case 'empty':
      return { status: answer.status, type: '', bytes: Buffer.alloc(0), headers: answer.headers }
    case 'stream':
      return { status: 200, type: answer.type, bytes: Buffer.alloc(0), headers: answer.headers }
  }
}

const pack = (bytes: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    gzip(bytes, (error, packed) => {
      if (error === null) resolve(packed)
      else reject(error)
    })
  })

/** The whole header list of a prepared answer: plain, or gzip when `packed` is given. */
export function preparedHeaders(body: PreparedBody, headers: HeaderList, packed?: Buffer): HeaderList {
  const { built } = body
  const typed = built.type === '' ? headers : [...headers, 'Content-Type', built.type]
  return packed === undefined ? lengthOf(typed, built.bytes) : lengthOf([...typed, 'Content-Encoding', 'gzip'], packed)
}

function end(response: ServerResponse, status: number, headers: HeaderList, bytes: Buffer): void {
  if (response.destroyed || response.headersSent) return
  writeWhole(response, status, headers, bytes)
}

/**
 * Writes head and body of an answer. A short body goes as text, which node joins to the head: one piece to write in
 * place of two.
 */
export function writeWhole(response: ServerResponse, status: number, headers: HeaderList, bytes: Buffer): void {
  response.writeHead(status, headers as string[])
  if (bytes.length > 0 && bytes.length <= maxJoined) response.end(bytes.toString('latin1'), 'latin1')
  else response.end(bytes)
}

/** Longest body that is joined to the head, in bytes: beyond it the copy costs more than the second piece. */
const maxJoined = 2048

function stream(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Extract<Answer, { kind: 'stream' }>,
  headers: HeaderList,
  gone: EndSignal,
): void {
  const typed = [...headers, 'Content-Type', answer.type]
  const packed = wantsGzip(request)
  response.writeHead(200, packed ? [...typed, 'Content-Encoding', 'gzip'] : typed)
  // Send the headers now, since the first line may take long.
  response.flushHeaders()
  if (!packed) {
    answer.start(response, gone)
    return
  }
  // Flush after each write: otherwise lines would stay in the compressor's buffer.
  const packer = createGzip({ flush: constants.Z_SYNC_FLUSH })
  packer.pipe(response)
  packer.on('error', () => {
    response.destroy()
  })
  answer.start(packer, gone)
}

const lengthOf = (headers: HeaderList, bytes: Buffer): HeaderList => [
  ...headers,
  'Content-Length',
  String(bytes.length),
]
