import t from 'tap'
import { systemClock } from '../../src/common/clock.js'
import { Catalog, deregister, nodeKey, register, removeNode, serviceKey } from '../../src/catalog/index.js'
import type { Command } from '../../src/catalog/index.js'
import { openMemoryStore } from '../../src/store/index.js'
import type { Batch, Store } from '../../src/store/index.js'
import { FakeClock } from '../support/fake-clock.js'
import { contents, openCatalog } from './samples.js'

const node = { node: 'n1', address: '192.0.2.1' }

/**
 * Counts up in a node's meta, on condition that the node is as it was read: each such write depends on the one before.
 */
const countUp: Command<number> = state => {
  const standing = state.nodes.find('n1')
  const key = nodeKey('n1')
  const count = Number(standing?.meta?.count ?? 0) + 1
  const value = Buffer.from(JSON.stringify({ ...node, meta: { count: String(count) } }))
  return {
    when: [standing === undefined ? { test: 'absent', key } : { test: 'unmodified', key, modified: standing.modified }],
    then: [{ kind: 'put', key, value }],
    result: count,
  }
}

/** A store whose watch keeps its batches back while told to, as a server does that is behind. */
function lagging(store: Store): Store & { hold(): void; release(): void } {
  let held: (() => void)[] | undefined
  return {
    load: () => store.load(),
    commit: transaction => store.commit(transaction),
    barrier: () => store.barrier(),
    lease: ttl => store.lease(ttl),
    resumeLease: (id, ttl) => store.resumeLease(id, ttl),
    status: () => store.status(),
    close: () => store.close(),
    watch: (after, on) =>
      store.watch(after, (batch: Batch) => {
        if (held === undefined) on(batch)
        else
          held.push(() => {
            on(batch)
          })
      }),
    hold: () => {
      held ??= []
    },
    release: () => {
      const batches = held ?? []
      held = undefined
      for (const deliver of batches) deliver()
    },
  }
}

void t.test('hundreds of writes of one tick that depend on each other all succeed, in order', async t => {
  const { catalog } = await openCatalog(t)
  const counts = await Promise.all(Array.from({ length: 300 }, () => catalog.execute(countUp)))
  t.same(
    counts.map(({ result }) => result),
    Array.from({ length: 300 }, (_, i) => i + 1),
  )
  t.equal(catalog.nodes.find('n1')?.meta?.count, '300')
  t.equal(catalog.revision, 301)
})

void t.test('servers that write the same entry try again', async t => {
  const { catalog, store } = await openCatalog(t)
  const other = await Catalog.open({ store, clock: systemClock })
  t.teardown(() => {
    other.close()
  })
  for (let round = 0; round < 30; round++) await Promise.all([catalog.execute(countUp), other.execute(countUp)])
  t.equal(catalog.nodes.find('n1')?.meta?.count, '60')
  t.same(contents(other), contents(catalog))
})

void t.test('registrations of one tick on a new node see each other', async t => {
  const { catalog } = await openCatalog(t)
  await Promise.all(
    Array.from({ length: 50 }, (_, i) =>
      catalog.execute(register({ ...node, service: { name: `s${i}` }, checks: [{ id: `c${i}`, serviceId: `s${i}` }] })),
    ),
  )
  t.equal(catalog.services.ofNode('n1').length, 50)
  t.equal(catalog.nodes.find('n1')?.created, catalog.nodes.find('n1')?.modified, 'the node was written once')
})

void t.test('a removal and a registration of one tick leave nothing half there', async t => {
  for (const order of ['register first', 'remove first']) {
    const { catalog } = await openCatalog(t)
    await catalog.execute(register(node))
    const add = () =>
      catalog.execute(
        register({
          node: 'n1',
          skipNodeUpdate: true,
          service: { name: 'web' },
          checks: [{ id: 'c', serviceId: 'web' }],
        }),
      )
    const remove = () => catalog.execute(removeNode('n1'))
    await Promise.all(order === 'register first' ? [add(), remove()] : [remove(), add()])
    const left = {
      services: catalog.services.ofNode('n1').length,
      checks: catalog.checks.inState('any').length,
      nodes: [...catalog.nodes.all()].length,
    }
    t.same(
      left,
      order === 'register first' ? { services: 0, checks: 0, nodes: 0 } : { services: 1, checks: 1, nodes: 1 },
      order,
    )
  }
})

void t.test('what another server left on a node that is gone does not come back with the node', async t => {
  const { catalog, store } = await openCatalog(t)
  await catalog.execute(register({ ...node, service: { name: 'web' } }))
  await store.commit({ when: [], then: [{ kind: 'delete', key: nodeKey('n1') }] })
  t.same(catalog.health.instances('web'), [], 'no instance without its node')
  await catalog.execute(register(node))
  t.same(catalog.services.ofNode('n1'), [])
  await store.commit({
    when: [],
    then: [
      { kind: 'put', key: serviceKey('n1', 'stray'), value: Buffer.from('{"node":"n1","id":"stray","name":"stray"}') },
      { kind: 'delete', key: nodeKey('n1') },
    ],
  })
  await catalog.execute(deregister({ node: 'n1' }))
  t.same(catalog.services.ofNode('n1'), [])
})

void t.test('a condition that never holds ends in CATALOG_CONFLICT', async t => {
  const { catalog } = await openCatalog(t)
  let plans = 0
  await t.rejects(
    catalog.execute(() => {
      plans++
      return {
        when: [{ test: 'present', key: 'node/absent' }],
        then: [{ kind: 'delete', key: 'node/other' }],
        result: 0,
      }
    }),
    { code: 'CATALOG_CONFLICT' },
  )
  t.equal(plans, 10)
})

void t.test('a failing store fails the write, and the next one that depends on it goes on', async t => {
  const store = openMemoryStore()
  let failures = 1
  const { catalog } = await openCatalog(t, {
    store: {
      ...lagging(store),
      commit: transaction => (failures-- > 0 ? Promise.reject(new Error('disk')) : store.commit(transaction)),
    },
  })
  const [first, second] = await Promise.allSettled([catalog.execute(countUp), catalog.execute(countUp)])
  t.match(first, { status: 'rejected', reason: { message: 'disk' } })
  t.match(second, { status: 'fulfilled', value: { result: 1 } })
})

void t.test('a server that is behind', async t => {
  const setUp = async (clock = new FakeClock()) => {
    const store = openMemoryStore()
    const { catalog: ahead } = await openCatalog(t, { store })
    const slow = lagging(store)
    const behind = await Catalog.open({ store: slow, clock })
    t.teardown(() => {
      behind.close()
    })
    slow.hold()
    await ahead.execute(register({ ...node, service: { name: 'web' } }))
    return { ahead, behind, slow, clock }
  }
  const settled = async (promise: Promise<unknown>): Promise<boolean> => {
    let done = false
    const mark = (): void => {
      done = true
    }
    promise.then(mark, mark)
    await new Promise(resolve => {
      setImmediate(resolve)
    })
    return done
  }

  await t.test('refuses nothing that was true elsewhere', async t => {
    const { behind, slow } = await setUp()
    const check = behind.execute(
      register({ node: 'n1', skipNodeUpdate: true, checks: [{ id: 'c', serviceId: 'web' }] }),
    )
    t.equal(await settled(check), false)
    slow.release()
    t.equal((await check).result.writes, 1)
    t.equal(behind.checks.get('n1', 'c')?.serviceName, 'web')
  })

  await t.test('calls nothing done that was undone elsewhere', async t => {
    const { ahead, behind, slow } = await setUp()
    slow.release()
    slow.hold()
    await ahead.execute(deregister({ node: 'n1' }))
    const again = behind.execute(register({ ...node, service: { name: 'web' } }))
    t.equal(await settled(again), false, 'though it has just that service')
    slow.release()
    t.equal((await again).result.writes, 2)
    t.equal(ahead.health.instances('web').length, 1)
  })

  await t.test('passes a barrier when it has caught up', async t => {
    const { behind, slow } = await setUp()
    const barrier = behind.barrier()
    t.equal(await settled(barrier), false)
    slow.release()
    await barrier
    t.equal(behind.health.instances('web').length, 1)
  })

  await t.test('gives up after a while', async t => {
    const { behind, clock } = await setUp()
    const barrier = behind.barrier()
    const refused = t.rejects(barrier, {
      code: 'CATALOG_BEHIND',
      message: /at revision 1 and did not reach 2 within 15 s/,
    })
    await settled(barrier)
    await clock.advance(15_000)
    await refused
  })

  await t.test('answers with CATALOG_CLOSED when it is closed meanwhile', async t => {
    const { behind } = await setUp()
    const waiting = behind.barrier()
    const refused = t.rejects(waiting, { code: 'CATALOG_CLOSED', status: 503 })
    await settled(waiting)
    behind.close()
    await refused
    await t.rejects(behind.execute(register(node)), { code: 'CATALOG_CLOSED' })
    await t.rejects(behind.barrier(), { code: 'CATALOG_CLOSED' })
  })
})

void t.test('one barrier serves a whole tick', async t => {
  const store = openMemoryStore()
  let barriers = 0
  const { catalog } = await openCatalog(t, {
    store: {
      ...lagging(store),
      barrier: () => {
        barriers++
        return store.barrier()
      },
    },
  })
  await Promise.all(Array.from({ length: 100 }, () => catalog.barrier()))
  t.equal(barriers, 1)
  await catalog.barrier()
  t.equal(barriers, 2)
})

void t.test("values that are not muster's are told of and count as absent", async t => {
  const store = openMemoryStore()
  await store.commit({
    when: [],
    then: [
      { kind: 'put', key: 'service/n1/bad', value: Buffer.from('garbage') },
      { kind: 'put', key: 'elsewhere/x', value: Buffer.from('?') },
    ],
  })
  const told: string[] = []
  const catalog = await Catalog.open({
    store,
    clock: systemClock,
    onUnreadable: (key, error) => {
      told.push(`${key} ${error.code}`)
    },
  })
  await catalog.execute(register({ ...node, service: { name: 'web' } }))
  t.same(told, ['service/n1/bad CATALOG_UNREADABLE'], 'once, and tables of others are none of its business')
  await store.commit({ when: [], then: [{ kind: 'put', key: serviceKey('n1', 'web'), value: Buffer.from('garbage') }] })
  t.same(catalog.health.instances('web'), [])
  t.equal(told.length, 2)
  t.equal(catalog.health.topics.instances('web').index, catalog.revision)
  await catalog.execute(register({ ...node, service: { name: 'web' } }))
  t.equal(catalog.health.instances('web').length, 1, 'and are written over')
  catalog.close()
  await store.close()
})

void t.test('the instances of a service are one list until something about it changes', async t => {
  const { catalog } = await openCatalog(t)
  await catalog.execute(register({ ...node, service: { name: 'web' } }))
  const list = catalog.health.instances('web')
  await catalog.execute(register({ ...node, service: { name: 'db' } }))
  t.equal(catalog.health.instances('WEB'), list)
  await catalog.execute(register({ ...node, checks: [{ id: 'c' }] }))
  t.not(catalog.health.instances('web'), list)
})
