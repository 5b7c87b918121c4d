import type { Test } from 'tap'
import { until } from '../../support/until.js'
import { runCases, type Cases, type Open, type Target } from '../target.js'

interface Key {
  readonly Key: string
  readonly Value: string | null
  readonly Session?: string
  readonly ModifyIndex: number
  readonly Flags: number
}

const newSession = async (agent: Target, body: object = {}): Promise<string> =>
  (
    (await (
      await agent.api('/v1/session/create', { method: 'PUT', body: JSON.stringify({ LockDelay: '0s', ...body }) })
    ).json()) as { ID: string }
  ).ID
const endSession = (agent: Target, id: string): Promise<Response> =>
  agent.api(`/v1/session/destroy/${id}`, { method: 'PUT' })
const put = async (agent: Target, target: string, body: string): Promise<boolean> =>
  (await (await agent.api(`/v1/kv/${target}`, { method: 'PUT', body })).json()) as boolean
const text = (key: Key | undefined): string => Buffer.from(key?.Value ?? '', 'base64').toString()

async function read(agent: Target, target: string): Promise<{ readonly keys: readonly Key[]; readonly index: string }> {
  const response = await agent.api(`/v1/kv/${target}`)
  const index = response.headers.get('x-consul-index') ?? ''
  if (response.status === 404) return { keys: [], index }
  return { keys: (await response.json()) as Key[], index }
}

const cases: Cases = {
  'leader election: one leads at any time, and the next one takes over when its session ends': leaderElection,
  'a leader whose health check fails loses the lock': unhealthyLeader,
  'after a session that ended badly the lock rests for its lock-delay': lockDelay,
  'semaphore: never more holders than slots, and who dies makes room': semaphore,
  'failover of a database: members and leader are keys that go with the session of their agent': failover,
}

/** Leader election and semaphores as applications make them of sessions, keys and blocking queries. */
export async function recipes(t: Test, open: Open): Promise<void> {
  await runCases(t, open, cases)
}

async function leaderElection(t: Test, open: Open): Promise<void> {
  const agent = await open(t)
  const terms: string[] = []
  const candidates = ['a', 'b', 'c', 'd']
  /** Campaigns until it has led once: acquires, or waits for a change of the key while another holds it. */
  const campaign = async (name: string): Promise<void> => {
    const session = await newSession(agent, { Name: name })
    while (!(await put(agent, `service/leader?acquire=${session}`, name))) {
      const { keys, index } = await read(agent, 'service/leader')
      if (keys[0]?.Session !== undefined) await read(agent, `service/leader?index=${index}&wait=20s`)
    }
    const { keys } = await read(agent, 'service/leader')
    t.equal(keys[0]?.Session, session, `${name} holds the key`)
    t.equal(text(keys[0]), name)
    terms.push(name)
    for (const other of candidates.filter(one => one !== name)) {
      const rival = await newSession(agent, { Name: `${other}'s second` })
      t.equal(await put(agent, `service/leader?acquire=${rival}`, other), false, `${other} cannot lead beside ${name}`)
      await endSession(agent, rival)
    }
    await endSession(agent, session)
  }
  await Promise.all(candidates.map(campaign))
  t.same([...terms].sort(), candidates, 'each had its turn')
}

async function unhealthyLeader(t: Test, open: Open): Promise<void> {
  const agent = await open(t)
  await agent.api('/v1/agent/check/register', {
    method: 'PUT',
    body: JSON.stringify({ Name: 'alive', TTL: '1h', Status: 'passing' }),
  })
  const session = await newSession(agent, { Checks: ['alive'] })
  t.equal(await put(agent, `leader?acquire=${session}`, 'me'), true)
  const { index } = await read(agent, 'leader')
  const waiting = read(agent, `leader?index=${index}&wait=20s`)
  await agent.api('/v1/agent/check/fail/alive', { method: 'PUT' })
  const { keys } = await waiting
  t.equal(keys[0]?.Session, undefined)
  t.equal(text(keys[0]), 'me', 'who led last can still be read')
}

async function lockDelay(t: Test, open: Open): Promise<void> {
  const agent = await open(t)
  const session = await newSession(agent, { LockDelay: '1s' })
  const next = await newSession(agent)
  t.equal(await put(agent, `lock?acquire=${session}`, 'a'), true)
  await endSession(agent, session)
  t.equal(await put(agent, `lock?acquire=${next}`, 'b'), false, 'not at once')
  await until('the delay is over', () => put(agent, `lock?acquire=${next}`, 'b'))
}

async function semaphore(t: Test, open: Open): Promise<void> {
  const agent = await open(t)
  const limit = 3
  const prefix = 'semaphore/db'
  let holders = 0
  let most = 0
  let turns = 0
  /** Puts itself among the contenders, then into the list of holders when there is room, by compare-and-set. */
  const take = async (session: string): Promise<void> => {
    await put(agent, `${prefix}/${session}?acquire=${session}`, 'contender')
    for (;;) {
      const { keys, index } = await read(agent, `${prefix}/?recurse`)
      const living = new Set(keys.map(key => key.Session))
      const lock = keys.find(key => key.Key === `${prefix}/.lock`)
      const before = lock === undefined ? [] : (JSON.parse(text(lock)) as { holders: string[] }).holders
      const held = before.filter(one => living.has(one))
      if (held.length < limit) {
        if (
          await put(
            agent,
            `${prefix}/.lock?cas=${lock?.ModifyIndex ?? 0}`,
            JSON.stringify({ limit, holders: [...held, session] }),
          )
        )
          return
      } else {
        await read(agent, `${prefix}/?recurse&index=${index}&wait=20s`)
      }
    }
  }
  const release = async (session: string): Promise<void> => {
    for (;;) {
      const {
        keys: [lock],
      } = await read(agent, `${prefix}/.lock`)
      if (lock === undefined) return
      const state = JSON.parse(text(lock)) as { holders: string[] }
      if (
        await put(
          agent,
          `${prefix}/.lock?cas=${lock.ModifyIndex}`,
          JSON.stringify({ limit, holders: state.holders.filter(one => one !== session) }),
        )
      )
        break
    }
    await agent.api(`/v1/kv/${prefix}/${session}`, { method: 'DELETE' })
  }
  await Promise.all(
    Array.from({ length: 8 }, async (_, number) => {
      const session = await newSession(agent, { Behavior: 'delete' })
      for (let turn = 0; turn < 3; turn++) {
        await take(session)
        holders++
        most = Math.max(most, holders)
        turns++
        // The first ones wait for each other, so that all slots are taken once.
        await until('all slots are taken', () => most >= limit)
        holders--
        // Some end their session without giving back their slot: whoever comes next finds it dead.
        if (number % 4 === 0 && turn === 2) await endSession(agent, session)
        else await release(session)
      }
    }),
  )
  t.equal(turns, 24)
  t.equal(most, limit)
}

/** What Patroni, which looks after PostgreSQL, asks of Consul. */
async function failover(t: Test, open: Open): Promise<void> {
  const agent = await open(t)
  const refused = await agent.api('/v1/session/create', { method: 'PUT', body: '{"name":"main-a","ttl":"5.0s"}' })
  t.same(
    [refused.status, await refused.text()],
    [500, "Invalid Session TTL '5000000000', must be between [10s=24h0m0s]"],
    'by the text it knows that its TTL is too short',
  )

  const session = (name: string): Promise<string> =>
    newSession(agent, { Name: `main-${name}`, TTL: '15.0s', Behavior: 'delete', LockDelay: '0.001s' })
  const [a, b] = [await session('a'), await session('b')]
  t.equal(await put(agent, 'service/main/initialize?cas=0', ''), true)
  t.equal(await put(agent, 'service/main/initialize?cas=0', ''), false, 'one member makes the database')
  for (const [name, id] of [
    ['a', a],
    ['b', b],
  ] as const)
    t.equal(await put(agent, `service/main/members/${name}?acquire=${id}`, JSON.stringify({ role: 'replica' })), true)
  t.equal(await put(agent, `service/main/leader?acquire=${a}`, 'a'), true)
  t.equal(await put(agent, `service/main/leader?acquire=${b}`, 'b'), false)
  t.equal((await agent.api(`/v1/session/renew/${a}`, { method: 'PUT' })).status, 200)
  t.same(
    (await read(agent, 'service/main/?recurse=1')).keys.map(key => [
      key.Key.slice('service/main/'.length),
      key.Session,
    ]),
    [
      ['initialize', undefined],
      ['leader', a],
      ['members/a', a],
      ['members/b', b],
    ],
  )

  const {
    keys: [leader],
    index,
  } = await read(agent, 'service/main/leader')
  const waiting = read(agent, `service/main/leader?index=${leader?.ModifyIndex ?? 0}&wait=10.0s`)
  await endSession(agent, a)
  const after = await waiting
  t.same(after.keys, [], 'who waits for the leader wakes, and there is none')
  t.ok(Number(after.index) > Number(index))
  await until('another takes over', () => put(agent, `service/main/leader?acquire=${b}`, 'b'))
  t.same(
    (await read(agent, 'service/main/?recurse=1')).keys.map(key => key.Key.slice('service/main/'.length)),
    ['initialize', 'leader', 'members/b'],
  )
  t.equal((await agent.api(`/v1/session/renew/${a}`, { method: 'PUT' })).status, 404)
  const late = await agent.api(`/v1/kv/service/main/members/a?acquire=${a}`, { method: 'PUT', body: '{}' })
  t.same(
    [late.status, late.status === 200 ? '' : await late.text()],
    [500, `raft apply failed: invalid session "${a}"`],
  )
}
