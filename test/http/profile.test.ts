import t from 'tap'
import { until } from '../support/until.js'
import { serve } from './support/serve.js'

void t.test('profiles are taken one of a kind at a time, for as long as is asked', async t => {
  const served = await serve(t, { enableDebug: true })
  const [cpu, again, heap] = await Promise.all(
    ['profile', 'profile', 'heap'].map(name => served.get(`/debug/pprof/${name}?seconds=1`)),
  )
  t.match(cpu?.json(), { nodes: Array, samples: Array })
  t.match(again, { status: 409, body: /a cpu profile is being taken already/ })
  t.match(heap?.json(), { head: { callFrame: {} }, samples: Array })
  t.match(cpu?.headers['content-disposition'], /muster\.cpuprofile/)
  for (const seconds of ['0', '-1', '1.5', 'x', '301'])
    t.equal((await served.get(`/debug/pprof/heap?seconds=${seconds}`)).status, 400, seconds)
  t.equal((await served.put('/debug/pprof/heap')).status, 405)
  served.server.update({ ...served.settings, enableDebug: false })
  t.match(await served.get('/debug/pprof/heap?seconds=1'), {
    status: 404,
    headers: { 'x-muster-hint': /enable_debug/ },
  })
})

void t.test("what Consul's own debug command asks for beside them", async t => {
  const served = await serve(t, { enableDebug: true })
  const [trace, again, goroutine] = await Promise.all(
    ['trace?seconds=1', 'trace?seconds=1', 'goroutine'].map(name => served.get(`/debug/pprof/${name}`)),
  )
  t.match(trace?.json(), { traceEvents: [{ ph: String }], otherData: { leftOut: 0 } })
  t.equal(again?.status, 409)
  t.match(goroutine, { status: 200, body: /^active resources of Node\.js: total \d+\n(\d+ \w+\n)*\d+ TCP\w*Wrap\n/ })
  served.server.update({ ...served.settings, enableDebug: false })
  for (const name of ['trace', 'goroutine'])
    t.match(await served.get(`/debug/pprof/${name}`), { status: 404, headers: { 'x-muster-hint': /enable_debug/ } })
})

void t.test('a client that goes ends its profile', async t => {
  const served = await serve(t, { enableDebug: true })
  const gone = new AbortController()
  const asking = served.get('/debug/pprof/heap?seconds=300', { signal: gone.signal })
  const refused = served.get('/debug/pprof/heap?seconds=300')
  t.equal((await refused).status, 409)
  gone.abort()
  await t.rejects(asking)
  // The server learns from the closed connection that the client is gone.
  await until('another can be taken', async () => (await served.get('/debug/pprof/heap?seconds=1')).status === 200)
})
