// The least that an HTTP server in Node.js can do: every request gets the bytes of a file. Prints its port when it
// listens.
import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'

const bytes = fs.readFileSync(process.argv[2] ?? '')
const server = http.createServer((_request, response) => {
  response.writeHead(200, ['Content-Type', 'application/json', 'Content-Length', String(bytes.length)])
  response.end(bytes)
})
server.listen(0, '127.0.0.1', () => {
  console.log((server.address() as AddressInfo).port)
})
