import t from 'tap'
import { until } from '../../support/until.js'
import type { Reply } from '../support/ask.js'
import { serve, type Served } from '../support/serve.js'

const indexOf = (reply: Reply): number => Number(reply.headers['x-consul-index'])

/** Sends a query that blocks, and resolves once it really does. */
async function block(
  served: Served,
  path: string,
): Promise<{ readonly reply: Promise<Reply>; readonly done: () => boolean }> {
  const before = served.metrics.values.get('http.blocked_queries') ?? 0
  let done = false
  const reply = served.get(path).then(answer => {
    done = true
    return answer
  })
  await until(`${path} blocks`, () => (served.metrics.values.get('http.blocked_queries') ?? 0) > before)
  return { reply, done: () => done }
}

void t.test('keys, prefixes and sessions wake for what was asked, deletions included', async t => {
  const served = await serve(t)
  await served.put('/v1/catalog/register', { Node: 'n1', Address: '192.0.2.1' })
  await served.put('/v1/catalog/register', { Node: 'n2', Address: '192.0.2.2' })
  const create = async (node: string): Promise<string> => {
    const { ID: id } = (await served.put('/v1/session/create', { Node: node, Checks: [] })).json() as { ID: string }
    return id
  }
  const mine = await create('n1')
  let count = 0
  const put = (key: string) => served.put(`/v1/kv/${key}`, String(++count))
  const remove = (key: string) => served.get(`/v1/kv/${key}`, { method: 'DELETE' })
  for (const key of ['a', 'dir/a', 'dir/b', 'dir2/a', 'locked']) await put(key)
  const cases: readonly [string, () => Promise<unknown>, () => Promise<unknown>, number][] = [
    ['/v1/kv/a', () => put('dir/a'), () => put('a'), 200],
    ['/v1/kv/a', () => put('dir/a'), () => remove('a'), 404],
    ['/v1/kv/a', () => remove('dir/a'), () => put('a'), 200],
    ['/v1/kv/unborn', () => put('unborn/x'), () => put('unborn'), 200],
    ['/v1/kv/dir/?recurse', () => put('dir2/a'), () => put('dir/b'), 200],
    ['/v1/kv/dir/?keys', () => remove('dir2/a'), () => remove('dir/b'), 404],
    ['/v1/kv/dir/?keys', () => put('dir2/a'), () => put('dir/c'), 200],
    ['/v1/kv/no/such?recurse', () => put('no/suc'), () => put('no/such/key'), 200],
    ['/v1/kv/dir?keys&separator=/', () => put('a'), () => remove('dir2?recurse'), 200],
    ['/v1/kv/locked', () => put('a'), () => served.put(`/v1/kv/locked?acquire=${mine}`, 'x'), 200],
    ['/v1/kv/?recurse', () => create('n1'), () => put('a'), 200],
    [
      `/v1/session/info/${mine}`,
      () => create('n1'),
      async () => {
        t.equal((await served.get('/v1/kv/locked')).status, 200)
        return served.put(`/v1/session/destroy/${mine}`)
      },
      200,
    ],
    ['/v1/session/node/n1', () => create('n2'), () => create('n1'), 200],
    ['/v1/session/list', () => put('a'), () => create('n2'), 200],
  ]
  for (const [path, unrelated, related, status] of cases) {
    const before = await served.get(path)
    const waiting = await block(served, `${path}${path.includes('?') ? '&' : '?'}index=${indexOf(before)}&wait=1m`)
    await unrelated()
    // Wakings travel with the write, so what was woken would have answered before this.
    await served.get('/v1/status/leader')
    t.notOk(waiting.done(), `${path}: something else changed`)
    await related()
    const reply = await waiting.reply
    t.equal(reply.status, status, path)
    t.ok(indexOf(reply) > indexOf(before), `${path}: the index rose`)
    const now = await served.get(path)
    t.same([now.body, indexOf(now)], [reply.body, indexOf(reply)], path)
  }
})

void t.test('the index of a key that is there is its ModifyIndex', async t => {
  const served = await serve(t)
  for (let i = 0; i < 3; i++) {
    await served.put('/v1/kv/k', String(i))
    await served.put('/v1/kv/other', String(i))
    const reply = await served.get('/v1/kv/k')
    t.match(reply.json(), [{ ModifyIndex: indexOf(reply) }])
  }
})

void t.test('a released lock wakes those who wait for its key', async t => {
  const served = await serve(t)
  await served.put('/v1/catalog/register', {
    Node: 'n1',
    Address: '192.0.2.1',
    Check: { CheckID: 'c', Status: 'passing' },
  })
  const { ID: id } = (await served.put('/v1/session/create', { NodeChecks: ['c'], LockDelay: 0 })).json() as {
    ID: string
  }
  await served.put(`/v1/kv/leader?acquire=${id}`, 'me')
  const held = await served.get('/v1/kv/leader')
  const waiting = await block(served, `/v1/kv/leader?index=${indexOf(held)}&wait=1m`)
  await served.put('/v1/catalog/register', {
    Node: 'n1',
    Address: '192.0.2.1',
    Check: { CheckID: 'c', Status: 'critical' },
  })
  const [entry] = (await waiting.reply).json() as { Session?: string; LockIndex: number }[]
  t.same([entry?.Session, entry?.LockIndex], [undefined, 1])
})
