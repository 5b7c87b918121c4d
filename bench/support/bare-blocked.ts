// The least that a server of blocking queries in Node.js can do: it holds every GET until a PUT comes, then answers
// them all with its body. Prints its port.
import http, { type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

let waiting: ServerResponse[] = []
const server = http.createServer((request, response) => {
  if (request.method !== 'PUT') {
    waiting.push(response)
    return
  }
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => {
    parts.push(part)
  })
  request.once('end', () => {
    const body = Buffer.concat(parts)
    const woken = waiting
    waiting = []
    for (const one of woken) {
      one.writeHead(200, ['Content-Type', 'application/json', 'Content-Length', String(body.length)])
      one.end(body)
    }
    response.end('true')
  })
})
server.keepAliveTimeout = 0
server.requestTimeout = 0
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  console.log((server.address() as AddressInfo).port)
})
