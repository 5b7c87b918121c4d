import http from 'node:http'

/** A whole answer. `json` parses its body. */
export interface Reply {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly bytes: Buffer
  readonly body: string
  json(): unknown
}

export interface AskOptions {
  readonly method?: string
  readonly body?: unknown
  readonly headers?: http.OutgoingHttpHeaders
  readonly signal?: AbortSignal
  readonly agent?: http.Agent
  readonly socketPath?: string
}

/**
 * Sends one request, the path as it stands, on a connection of its own unless an agent is given. Text bodies go as they
 * are, others as JSON.
 */
export function ask(
  port: number,
  path: string,
  { method = 'GET', body, headers = {}, signal, agent, socketPath }: AskOptions = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      {
        ...(socketPath === undefined ? { host: '127.0.0.1', port } : { socketPath }),
        method,
        path,
        headers,
        agent: agent ?? false,
        ...(signal && { signal }),
      },
      response => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk)
        })
        response.on('error', reject)
        response.on('end', () => {
          const bytes = Buffer.concat(chunks)
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            bytes,
            body: bytes.toString(),
            json: () => JSON.parse(bytes.toString()) as unknown,
          })
        })
      },
    )
    request.on('error', reject)
    request.end(
      body === undefined ? undefined : typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
    )
  })
}
