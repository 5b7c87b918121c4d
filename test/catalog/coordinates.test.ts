import fc from 'fast-check'
import t from 'tap'
import { Catalog, deregister, nearestFirst, register, removeNode, updateCoordinates } from '../../src/catalog/index.js'
import { systemClock } from '../../src/common/clock.js'
import { dimensions, roundTrip, startCoordinate, type Coordinate } from '../../src/common/coordinate.js'
import { openMemoryStore } from '../../src/store/index.js'

const at = (x: number): Coordinate => ({
  ...startCoordinate,
  vec: [x, ...Array.from({ length: dimensions - 1 }, () => 0)],
})

async function withNodes(...names: readonly string[]) {
  const store = openMemoryStore()
  const catalog = await Catalog.open({ store, clock: systemClock })
  t.teardown(() => {
    catalog.close()
  })
  for (const node of names) await catalog.execute(register({ node, address: '192.0.2.1' }))
  return { store, catalog }
}

void t.test('a batch writes what is new, of nodes that are there', async t => {
  const { catalog } = await withNodes('a', 'B')
  const { result } = await catalog.execute(
    updateCoordinates([
      { node: 'a', coordinate: at(9) },
      { node: 'nobody', coordinate: at(1) },
      { node: 'b', coordinate: at(2) },
      { node: 'A', coordinate: at(1) },
    ]),
  )
  t.equal(result, 2)
  t.same(
    catalog.coordinates.all().map(({ node, coordinate }) => [node, coordinate.vec[0]]),
    [
      ['B', 2],
      ['a', 1],
    ],
    'the last one counts; names as they were registered',
  )
  const topics = [
    catalog.coordinates.topics.all(),
    catalog.coordinates.topics.one('A'),
    catalog.coordinates.topics.one('b'),
    catalog.nodes.topics.all(),
  ]
  const before = topics.map(({ index }) => index)
  t.equal(
    (await catalog.execute(updateCoordinates([{ node: 'a', coordinate: at(1) }]))).result,
    0,
    'nothing is written',
  )
  t.same(
    topics.map(({ index }) => index),
    before,
  )
  await catalog.execute(updateCoordinates([{ node: 'a', coordinate: at(3) }]))
  t.same(
    topics.map(({ index }, i) => index > (before[i] ?? 0)),
    [true, true, false, false],
    'who asks for a is told, the table too',
  )
  for (const bad of [
    { ...at(1), vec: [1] },
    { ...at(1), error: Number.NaN },
    { ...at(1), height: Number.POSITIVE_INFINITY },
  ]) {
    await t.rejects(
      catalog.execute(
        updateCoordinates([
          { node: 'a', coordinate: at(5) },
          { node: 'b', coordinate: bad },
        ]),
      ),
      { code: 'COORDINATE_INVALID', status: 500 },
    )
  }
  t.equal(catalog.coordinates.get('a')?.coordinate.vec[0], 3, 'of a refused batch nothing is written')
})

void t.test('a coordinate goes with its node, also one that another server writes meanwhile', async t => {
  const { store, catalog } = await withNodes('a', 'b', 'c')
  for (const node of ['a', 'b']) await catalog.execute(updateCoordinates([{ node, coordinate: at(1) }]))
  await catalog.execute(removeNode('a'))
  await catalog.execute(deregister({ node: 'b' }))
  t.same(catalog.coordinates.all(), [])
  const other = await Catalog.open({ store, clock: systemClock })
  t.teardown(() => {
    other.close()
  })
  await Promise.all([
    other.execute(updateCoordinates([{ node: 'c', coordinate: at(1) }])),
    catalog.execute(removeNode('c')),
  ])
  t.same([catalog.coordinates.all(), other.coordinates.all()], [[], []])
  t.same(
    (await store.load()).entries.map(({ key }) => key).filter(key => key.startsWith('coordinate/')),
    [],
  )
})

void t.test('a value that is no coordinate counts as absent', async t => {
  const { store, catalog } = await withNodes('a')
  for (const value of [
    '{',
    '{}',
    '{"node":"a","vec":[1],"error":1,"adjustment":0,"height":0}',
    '{"node":"a","vec":[1,1,1,1,1,1,1,"x"],"error":1,"adjustment":0,"height":0}',
  ]) {
    await store.commit({ when: [], then: [{ kind: 'put', key: 'coordinate/a', value: Buffer.from(value) }] })
    t.equal(catalog.coordinates.get('a'), undefined, value)
  }
})

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g')

void t.test('sorting by nearness: a stable order by estimate, the node itself first, the unknown last', t => {
  fc.assert(
    fc.property(
      fc.array(name, { maxLength: 20 }),
      fc.dictionary(name, fc.integer({ min: 0, max: 5 })),
      name,
      (nodes, places, origin) => {
        const items = nodes.map((node, i) => ({ node, i }))
        const coordinateOf = (node: string): Coordinate | undefined =>
          places[node] === undefined ? undefined : at(places[node])
        const sorted = nearestFirst(items, origin, ({ node }) => node.toUpperCase(), coordinateOf)
        const from = coordinateOf(origin)
        const distance = (node: string): number => {
          const to = coordinateOf(node)
          return node === origin
            ? -1
            : from === undefined || to === undefined
              ? Number.POSITIVE_INFINITY
              : roundTrip(from, to)
        }
        if (
          [...sorted]
            .sort((x, y) => x.i - y.i)
            .map(({ i }) => i)
            .join() !== items.map(({ i }) => i).join()
        )
          return false
        return sorted.every((one, i) => {
          const next = sorted[i + 1]
          if (next === undefined) return true
          const [here, there] = [distance(one.node), distance(next.node)]
          return here < there || (here === there && one.i < next.i)
        })
      },
    ),
  )
  t.pass()
  t.end()
})
