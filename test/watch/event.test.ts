import http from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { systemClock } from '../../src/common/clock.js'
import { Watches, watchPlan } from '../../src/watch/index.js'
import { RecordingLog } from '../support/recording-log.js'
import { until } from '../support/until.js'

void t.test('a watch of events runs once for existing events, then for new ones only', async t => {
  const bodies: unknown[] = []
  const handler = http.createServer((request, response) => {
    let text = ''
    request
      .setEncoding('utf8')
      .on('data', (chunk: string) => {
        text += chunk
      })
      .on('end', () => {
        bodies.push(JSON.parse(text))
        response.end()
      })
  })
  await new Promise<void>(resolve => {
    handler.listen(0, '127.0.0.1', resolve)
  })
  t.teardown(() => {
    handler.closeAllConnections()
    handler.close()
  })

  const event = (id: string) => ({ ID: id, Name: 'deploy' })
  let answers = [
    [event('a'), event('b')],
    [event('a'), event('b'), event('c')],
    [event('b'), event('c')],
    [event('b'), event('c'), event('d'), event('e')],
  ]
  const paths: string[] = []
  const watches = new Watches({
    clock: systemClock,
    log: new RecordingLog(),
    source: {
      get: (path, signal) => {
        paths.push(path)
        const [next, ...rest] = answers
        answers = rest
        if (next !== undefined)
          return Promise.resolve({ status: 200, index: String(100 - answers.length), body: JSON.stringify(next) })
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reject(new Error('aborted'))
          })
        })
      },
    },
  })
  t.teardown(() => watches.close())
  const { port } = handler.address() as AddressInfo
  const written = {
    type: 'event',
    name: 'deploy',
    handler_type: 'http',
    http_handler_config: { path: `http://127.0.0.1:${port}/` },
  }
  watches.update([watchPlan({ written, origin: { file: 'w.json', line: 1, column: 1 } })])
  await until('the handler has seen all', () => bodies.length === 3 && paths.length === 5)
  t.same(bodies, [[event('a'), event('b')], [event('c')], [event('d'), event('e')]], 'that an old one went is no news')
  t.equal(paths[0], '/v1/event/list?name=deploy')
  t.match(paths[1], /^\/v1\/event\/list\?name=deploy&index=97&wait=/)
})
