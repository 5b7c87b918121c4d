import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** An answer of the stub: JSON unless it is a text. */
export interface StubAnswer {
  readonly status?: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** What was asked, `PUT /v1/agent/join/a?wan=1 BODY`. */
export interface ApiStub {
  readonly port: number
  readonly asked: string[]
}

/**
 * An API that answers by `METHOD path`, without the query; anything else is 404. For answers that a lone agent cannot
 * give.
 */
export async function startApiStub(
  t: Test,
  answers: Readonly<Record<string, StubAnswer | (() => StubAnswer)>>,
): Promise<ApiStub> {
  const asked: string[] = []
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
    })
    request.on('end', () => {
      const url = request.url ?? ''
      asked.push(`${request.method} ${url} ${Buffer.concat(chunks).toString()}`.trim())
      const found = answers[`${request.method} ${url.split('?')[0]}`]
      const {
        status = 200,
        body = '',
        headers = {},
      } = found === undefined ? { status: 404 } : typeof found === 'function' ? found() : found
      response.writeHead(status, headers)
      response.end(typeof body === 'string' ? body : JSON.stringify(body))
    })
  })
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve)
  })
  t.teardown(
    () =>
      new Promise<void>(resolve => {
        server.closeAllConnections()
        server.close(() => {
          resolve()
        })
      }),
  )
  return { port: (server.address() as AddressInfo).port, asked }
}
