import { getEventListeners } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { writeLines } from '../../src/rpc/write-lines.js'

t.test('a stream that waits for its reader again and again listens no more than before', async t => {
  const aborted = new AbortController()
  const line = Buffer.from(`${'x'.repeat(1 << 20)}\n`)
  let waits = 0
  const answered: Promise<void>[] = []
  const server = http.createServer((_request, response) => {
    answered.push(
      writeLines(
        response,
        async (_body, _caller, sink) => {
          while (waits < 30) {
            if (sink.sendLine(line)) continue
            waits++
            await sink.drained()
          }
          t.equal(getEventListeners(aborted.signal, 'abort').length, 0)
          t.equal(response.listenerCount('drain'), 0)
        },
        undefined,
        { address: '', aborted: aborted.signal },
      ),
    )
  })
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve)
  })
  t.teardown(() => {
    server.close()
  })
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const body = await answer.arrayBuffer()
  await Promise.all(answered)
  t.equal(body.byteLength % line.length, 0)
  t.equal(waits, 30)
})
