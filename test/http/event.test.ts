import { Readable } from 'node:stream'
import t from 'tap'
import { dispatch } from '../../src/cli/dispatch.js'
import { until } from '../support/until.js'
import { serve } from './support/serve.js'

interface Shown {
  readonly ID: string
  readonly Name: string
  readonly Payload: string | null
  readonly LTime: number
}

void t.test('events are fired, listed and waited for', async t => {
  const served = await serve(t)
  t.match(await served.get('/v1/event/list'), { status: 200, body: '[]', headers: { 'x-consul-index': '1' } })
  const fired = (await served.put('/v1/event/fire/deploy', 'now')).json() as Shown
  t.match(fired, { Name: 'deploy', Payload: 'bm93', Version: 1, LTime: 0 })
  const list = async (query = ''): Promise<readonly Shown[]> =>
    (await served.get(`/v1/event/list${query}`)).json() as Shown[]
  const [listed] = await until('it is listed', async () => {
    const all = await list()
    return all.length === 1 && all
  })
  t.match(listed, { ...fired, LTime: Number })
  t.ok((listed?.LTime ?? 0) > 0)
  const reply = await served.get('/v1/event/list?name=deploy')
  const halves =
    BigInt(`0x${fired.ID.replaceAll('-', '').slice(0, 16)}`) ^ BigInt(`0x${fired.ID.replaceAll('-', '').slice(16)}`)
  t.equal(reply.headers['x-consul-index'], String(halves))
  const waiting = served.get(`/v1/event/list?name=deploy&index=${halves}`)
  await served.put('/v1/event/fire/other', '')
  await served.put('/v1/event/fire/deploy', '2')
  t.same(
    ((await waiting).json() as Shown[]).map(({ Payload }) => Payload),
    ['bm93', 'Mg=='],
  )
  t.equal(
    (
      await served.get(
        `/v1/event/list?index=${String((await served.get('/v1/event/list')).headers['x-consul-index'])}&wait=50ms`,
      )
    ).status,
    200,
  )
  for (const path of ['/v1/event/list?index=x', '/v1/event/list?index=5&wait=x', '/v1/event/fire/'])
    t.equal(
      (await served.get(path)).status === 405 ? (await served.put(path)).status : (await served.get(path)).status,
      400,
      path,
    )
  t.equal((await served.put('/v1/event/fire/big', 'x'.repeat(600))).status, 500)
})

void t.test('the event command', async t => {
  const served = await serve(t)
  const event = async (...args: readonly string[]) => {
    let [out, err] = ['', '']
    const code = await dispatch(['event', ...args], {
      out: text => {
        out += String(text)
      },
      err: text => {
        err += text
      },
      stdin: Readable.from([]),
      env: { MUSTER_HTTP_ADDR: `127.0.0.1:${served.port}` },
      cwd: '/',
      color: false,
      width: undefined,
      interrupted: new AbortController().signal,
    })
    return { code, out, err }
  }
  t.match(await event('-name=a/b', 'x y'), { code: 0, out: /^Event ID: [0-9a-f-]{36}\n$/ })
  t.match(await event('-name=c', '-node=zz', '-service=web', '-tag=blue'), { code: 0 })
  t.match(served.catalog.events.all(), [
    { name: 'a/b', payload: 'eCB5' },
    { name: 'c', nodeFilter: 'zz', serviceFilter: 'web', tagFilter: 'blue', payload: '' },
  ])
  t.match(await event('x'), { code: 1, err: /needs a name/ })
  t.match(await event('-name=a', 'x', 'y'), { code: 1, err: /too many arguments: y/ })
  t.match(await event('-name=a', '-tag=x'), { code: 1, err: /Cannot provide tag filter without service filter/ })
  t.match(await event('-name=a', '-node=(('), { code: 1, err: /Invalid node filter/ })
})
