import t from 'tap'
import { startAgent, type AgentProcess } from '../support/agent-process.js'
import { until } from '../support/until.js'

// Leader election and semaphores as applications make them of sessions, keys and blocking queries.

interface Key { readonly Key: string; readonly Value: string | null; readonly Session?: string; readonly ModifyIndex: number; readonly Flags: number }

const newSession = async (agent: AgentProcess, body: object = {}): Promise<string> =>
  (await (await agent.api('/v1/session/create', { method: 'PUT', body: JSON.stringify({ LockDelay: '0s', ...body }) })).json() as { ID: string }).ID
const endSession = (agent: AgentProcess, id: string): Promise<Response> => agent.api(`/v1/session/destroy/${id}`, { method: 'PUT' })
const put = async (agent: AgentProcess, target: string, body: string): Promise<boolean> => await (await agent.api(`/v1/kv/${target}`, { method: 'PUT', body })).json() as boolean
const text = (key: Key | undefined): string => Buffer.from(key?.Value ?? '', 'base64').toString()

async function read(agent: AgentProcess, target: string): Promise<{ readonly keys: readonly Key[]; readonly index: string }> {
  const response = await agent.api(`/v1/kv/${target}`)
  const index = response.headers.get('x-consul-index') ?? ''
  if (response.status === 404) return { keys: [], index }
  return { keys: await response.json() as Key[], index }
}

t.test('leader election: one leads at any time, and the next one takes over when its session ends', async t => {
  const agent = await startAgent(t)
  const terms: string[] = []
  const candidates = ['a', 'b', 'c', 'd']
  /** Campaigns until it has led once: acquires, or waits for a change of the key while another holds it. */
  const campaign = async (name: string): Promise<void> => {
    const session = await newSession(agent, { Name: name })
    while (!await put(agent, `service/leader?acquire=${session}`, name)) {
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
})

t.test('a leader whose health check fails loses the lock', async t => {
  const agent = await startAgent(t)
  await agent.api('/v1/agent/check/register', { method: 'PUT', body: JSON.stringify({ Name: 'alive', TTL: '1h', Status: 'passing' }) })
  const session = await newSession(agent, { Checks: ['alive'] })
  t.equal(await put(agent, `leader?acquire=${session}`, 'me'), true)
  const { index } = await read(agent, 'leader')
  const waiting = read(agent, `leader?index=${index}&wait=20s`)
  await agent.api('/v1/agent/check/fail/alive', { method: 'PUT' })
  const { keys } = await waiting
  t.equal(keys[0]?.Session, undefined)
  t.equal(text(keys[0]), 'me', 'who led last can still be read')
})

t.test('after a session that ended badly the lock rests for its lock-delay', async t => {
  const agent = await startAgent(t)
  const session = await newSession(agent, { LockDelay: '1s' })
  const next = await newSession(agent)
  t.equal(await put(agent, `lock?acquire=${session}`, 'a'), true)
  await endSession(agent, session)
  t.equal(await put(agent, `lock?acquire=${next}`, 'b'), false, 'not at once')
  await until('the delay is over', () => put(agent, `lock?acquire=${next}`, 'b'))
})

t.test('semaphore: never more holders than slots, and who dies makes room', async t => {
  const agent = await startAgent(t)
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
        if (await put(agent, `${prefix}/.lock?cas=${lock?.ModifyIndex ?? 0}`, JSON.stringify({ limit, holders: [...held, session] }))) return
      } else {
        await read(agent, `${prefix}/?recurse&index=${index}&wait=20s`)
      }
    }
  }
  const release = async (session: string): Promise<void> => {
    for (;;) {
      const { keys: [lock] } = await read(agent, `${prefix}/.lock`)
      if (lock === undefined) return
      const state = JSON.parse(text(lock)) as { holders: string[] }
      if (await put(agent, `${prefix}/.lock?cas=${lock.ModifyIndex}`, JSON.stringify({ limit, holders: state.holders.filter(one => one !== session) }))) break
    }
    await agent.api(`/v1/kv/${prefix}/${session}`, { method: 'DELETE' })
  }
  await Promise.all(Array.from({ length: 8 }, async (_, number) => {
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
  }))
  t.equal(turns, 24)
  t.equal(most, limit)
})
