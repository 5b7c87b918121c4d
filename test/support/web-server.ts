import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** A real HTTP server to be checked; `status` and `body` may be changed while it runs. */
export interface WebServer {
  readonly port: number
  status: number
  body: string
  requests: number
  close(): Promise<void>
  /** Listens again on the same port. */
  open(): Promise<void>
}

/** Starts a web server on a free port of 127.0.0.1; the test's end closes it. */
export async function startWebServer(t: Test): Promise<WebServer> {
  let server: http.Server | undefined
  const web: WebServer = {
    port: 0,
    status: 200,
    body: 'ok',
    requests: 0,
    async open() {
      const opened = http.createServer((_request, response) => {
        web.requests++
        response.writeHead(web.status)
        response.end(web.body)
      })
      await new Promise<void>((resolve, reject) => {
        opened.once('error', reject)
        opened.listen(web.port, '127.0.0.1', resolve)
      })
      server = opened
      Object.assign(web, { port: (opened.address() as AddressInfo).port })
    },
    async close() {
      const closing = server
      if (closing === undefined) return
      server = undefined
      closing.closeAllConnections()
      await new Promise(resolve => closing.close(resolve))
    },
  }
  await web.open()
  t.teardown(() => web.close())
  return web
}
