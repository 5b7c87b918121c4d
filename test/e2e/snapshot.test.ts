import fs from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { startAgent, type AgentProcess } from '../support/agent-process.js'
import { startEtcd } from '../support/etcd.js'
import { muster } from '../support/muster.js'
import { until } from '../support/until.js'

// More entries than an etcd of someone else takes in one transaction.
const keys = 700
const large = Buffer.alloc(400_000, 'x')

const json = async <Value>(agent: AgentProcess, url: string, init?: RequestInit): Promise<Value> =>
  (await agent.api(url, init)).json() as Promise<Value>
const put = (agent: AgentProcess, url: string, body?: unknown): Promise<Response> =>
  agent.api(url, {
    method: 'PUT',
    ...(body !== undefined && {
      body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
    }),
  })

interface Key {
  readonly Key: string
  readonly Value: string | null
  readonly Session?: string
  readonly LockIndex: number
  readonly Flags: number
}

/** Everything that a snapshot keeps, without indexes; what the agent itself puts there is left out. */
async function contents(agent: AgentProcess): Promise<unknown> {
  const kv = await json<Key[]>(agent, '/v1/kv/?recurse')
  const sessions = await json<
    { ID: string; Name: string; Node: string; Behavior: string; TTL: string; LockDelay: number }[]
  >(agent, '/v1/session/list')
  const queries = await json<{ ID: string; Name: string }[]>(agent, '/v1/query')
  const services = await json<{ ServiceID: string; ServicePort: number }[]>(agent, '/v1/catalog/service/db')
  const checks = await json<{ CheckID: string; Status: string; Output: string }[]>(agent, '/v1/health/node/ext')
  const coordinates = await json<{ Node: string; Coord: unknown }[]>(agent, '/v1/coordinate/nodes')
  return {
    kv: kv.map(({ Key, Value, Session, LockIndex, Flags }) => [Key, Value, Session, LockIndex, Flags]),
    sessions: sessions
      .map(({ ID, Name, Node, Behavior, TTL, LockDelay }) => [ID, Name, Node, Behavior, TTL, LockDelay])
      .sort(),
    queries: queries.map(({ ID, Name }) => [ID, Name]),
    services: services.map(({ ServiceID, ServicePort }) => [ServiceID, ServicePort]),
    checks: checks.map(({ CheckID, Status, Output }) => [CheckID, Status, Output]),
    coordinates: coordinates.filter(({ Node }) => Node === 'ext'),
    autopilot: (await json<{ MaxTrailingLogs: number }>(agent, '/v1/operator/autopilot/configuration')).MaxTrailingLogs,
  }
}

/** Fills an agent's catalog; gives the session that holds a lock. */
async function fill(t: Test, agent: AgentProcess): Promise<string> {
  await put(agent, '/v1/catalog/register', {
    Node: 'ext',
    Address: '192.0.2.1',
    Service: { Service: 'db', Port: 5432 },
    Check: { CheckID: 'alive', Name: 'alive', Status: 'passing', Output: 'fine' },
  })
  await put(agent, '/v1/coordinate/update', {
    Node: 'ext',
    Coord: { Vec: [1, 0, 0, 0, 0, 0, 0, 0], Error: 1, Adjustment: 0, Height: 0.001 },
  })
  await put(agent, '/v1/query', { Name: 'nearest-db', Service: { Service: 'db' } })
  await put(agent, '/v1/operator/autopilot/configuration', { MaxTrailingLogs: 333 })
  const many = Array.from({ length: keys }, (_, i) => ({
    KV: { Verb: 'set', Key: `many/${i}`, Value: Buffer.from(String(i)).toString('base64') },
  }))
  for (let at = 0; at < keys; at += 60) t.equal((await put(agent, '/v1/txn', many.slice(at, at + 60))).status, 200)
  for (const name of ['one', 'two', 'three', 'four'])
    t.equal((await put(agent, `/v1/kv/large/${name}`, large)).status, 200)
  const { ID } = (await (
    await put(agent, '/v1/session/create', { Name: 'holder', Node: 'ext', NodeChecks: ['alive'], LockDelay: '0s' })
  ).json()) as { ID: string }
  t.equal(await (await put(agent, `/v1/kv/lock?acquire=${ID}&flags=7`, 'held')).text(), 'true')
  return ID
}

/** An agent that runs a service of its own, on its own LMDB or on an etcd of someone else. */
async function agentOn(t: Test, engine: 'lmdb' | 'etcd'): Promise<AgentProcess> {
  const store = engine === 'lmdb' ? {} : { store: { etcd: { endpoints: [(await startEtcd(t)).endpoint] } } }
  const agent = await startAgent(t, {
    conf: {
      'store.json': { ports: { server: 0, serf_lan: 0, serf_wan: 0 }, ...store },
      [`own-${engine}.json`]: { service: { name: `own-${engine}`, port: 80 } },
    },
  })
  const ready = await muster(['ready', '-wait=20s'], { agent })
  t.equal(ready.code, 0, ready.err)
  return agent
}

const instances = async (agent: AgentProcess, name: string): Promise<number> =>
  (await json<unknown[]>(agent, `/v1/catalog/service/${name}`)).length

for (const [from, to] of [
  ['lmdb', 'etcd'],
  ['etcd', 'lmdb'],
] as const) {
  void t.test(`what was saved on ${from} is restored on ${to}, and back`, async t => {
    const [source, target] = await Promise.all([agentOn(t, from), agentOn(t, to)])
    const session = await fill(t, source)
    const saved = await contents(source)
    const file = path.join(source.directory, 'backup.snap')
    t.match(await muster(['snapshot', 'save', file], { agent: source }), { code: 0 })
    t.match(await muster(['snapshot', 'inspect', file]), { code: 0, out: /KVS\s+\S+\s+\d+/ })

    await put(target, '/v1/kv/many/0', 'another')
    await put(target, '/v1/kv/gone', 'x')
    await put(target, '/v1/catalog/register', { Node: 'gone', Address: '192.0.2.9', Service: { Service: 'gone' } })
    const before = await contents(target)
    const bytes = fs.readFileSync(file)
    for (const [what, broken] of [
      ['half', bytes.subarray(0, bytes.length >> 1)],
      ['all but a byte', bytes.subarray(0, -1)],
      ['altered', altered(bytes)],
      ['empty', Buffer.alloc(0)],
    ] as const) {
      const answer = await put(target, '/v1/snapshot', broken)
      t.equal(answer.status, 500, `${what}: ${await answer.text()}`)
      fs.writeFileSync(`${file}.broken`, broken)
      t.match(
        await muster(['snapshot', 'restore', `${file}.broken`], { agent: target }),
        { code: 1, err: /Error reading snapshot/ },
        what,
      )
      t.equal((await muster(['snapshot', 'inspect', `${file}.broken`])).code, 1, what)
    }
    t.same(await contents(target), before, 'a broken archive changes nothing')

    const restored = await muster(['snapshot', 'restore', file], { agent: target })
    t.equal(restored.code, 0, restored.err)
    t.same(await contents(target), saved)
    t.equal(await instances(target, 'gone'), 0)
    await until('what the agent runs is back', async () => (await instances(target, `own-${to}`)) === 1)
    t.equal(
      await (
        await put(target, '/v1/kv/lock?acquire=00000000-0000-4000-8000-000000000000', 'x')
      )
        .text()
        .then(text => text.includes('invalid session')),
      true,
    )
    t.equal(
      await (await put(target, `/v1/kv/lock?release=${session}&flags=7`, 'held')).text(),
      'true',
      'the lock is held by the session that held it',
    )
    t.equal(await (await put(target, `/v1/kv/lock?acquire=${session}&flags=7`, 'held')).text(), 'true')

    // And back: the lock was taken once more since.
    await put(target, '/v1/kv/only-there', 'x')
    const later = await contents(target)
    t.match(await muster(['snapshot', 'save', `${file}.later`], { agent: target }), { code: 0 })
    t.match(await muster(['snapshot', 'restore', `${file}.later`], { agent: source }), { code: 0 })
    t.same(await contents(source), later)
    await until('what the first agent runs is back', async () => (await instances(source, `own-${from}`)) === 1)

    // A session that hangs on a check ends with it after a restore as before.
    await put(source, '/v1/catalog/register', {
      Node: 'ext',
      Address: '192.0.2.1',
      Check: { CheckID: 'alive', Name: 'alive', Status: 'critical' },
    })
    t.match(await json(source, '/v1/kv/lock'), [{ Key: 'lock', Session: undefined }])
  })
}

function altered(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  const middle = copy.length >> 1
  copy[middle] = (copy[middle] ?? 0) ^ 0x10
  return copy
}
