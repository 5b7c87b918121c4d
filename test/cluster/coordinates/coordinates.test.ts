import t, { type Test } from 'tap'
import { Catalog, register, type CoordinateUpdate } from '../../../src/catalog/index.js'
import {
  createCoordinateBatch,
  createCoordinates,
  coordinateUpdateMethod,
  type Coordinates,
  type Member,
} from '../../../src/cluster/index.js'
import { createRpcClient, createRpcServer, type RpcServer } from '../../../src/rpc/index.js'
import { Neighbours } from '../../../src/cluster/coordinates/neighbours.js'
import { movedEnough } from '../../../src/cluster/coordinates/moved-enough.js'
import { systemClock } from '../../../src/common/clock.js'
import { startCoordinate } from '../../../src/common/coordinate.js'
import { openMemoryStore } from '../../../src/store/index.js'
import { FakeClock } from '../../support/fake-clock.js'
import { hurriedClock } from '../../support/hurried-clock.js'
import { RecordingLog } from '../../support/recording-log.js'
import { RecordingMetrics } from '../../support/recording-metrics.js'
import { until } from '../../support/until.js'

interface TestAgent {
  readonly name: string
  readonly server: RpcServer
  readonly coordinates: Coordinates
  readonly sent: CoordinateUpdate[]
}

/** Agents with cluster ports on loopback that measure each other, in hurried time. */
async function agents(t: Test, names: readonly string[], off: readonly string[] = []): Promise<TestAgent[]> {
  const all: TestAgent[] = []
  const members = (): readonly Member[] =>
    all.map(({ name, server }) => ({
      name,
      id: `id-${name}`,
      address: '127.0.0.1',
      port: server.ports.lan,
      status: 'alive',
      tags: {},
    }))
  for (const name of names) {
    const log = new RecordingLog()
    const server = createRpcServer({
      lan: { bind: '127.0.0.1', port: 0, allowed: [] },
      wan: { bind: '127.0.0.1', port: -1, allowed: [] },
      connectionsPerClient: 0,
      log,
      metrics: new RecordingMetrics(),
      clock: systemClock,
    })
    const client = createRpcClient({ clock: systemClock })
    const sent: CoordinateUpdate[] = []
    const coordinates = createCoordinates({
      enabled: !off.includes(name),
      id: `id-${name}`,
      node: name,
      members,
      server,
      client,
      send: update => {
        sent.push(update)
        return Promise.resolve()
      },
      clock: hurriedClock(50),
      random: Math.random,
      log,
    })
    await server.start()
    t.teardown(async () => {
      coordinates.close()
      client.close()
      await server.close()
    })
    all.push({ name, server, coordinates, sent })
  }
  for (const { coordinates } of all) coordinates.start()
  return all
}

void t.test('agents measure each other and report where they are', async t => {
  const all = await agents(t, ['a', 'b', 'c', 'd'], ['d'])
  const [a, , , d] = all
  for (const { name, coordinates } of all.slice(0, 3))
    await until(`${name} is sure of its place`, () => (coordinates.own?.error ?? 2) < 1)
  await until('it reports', () => a !== undefined && a.sent.length > 0)
  t.match(a?.sent[0], { node: 'a', coordinate: { vec: { length: 8 } } })
  t.equal(d?.coordinates.own, undefined, 'with coordinates off there is none')
  t.same(d?.sent, [])
})

void t.test('an agent alone reports where all begin', async t => {
  const [alone] = await agents(t, ['a'])
  await until('it reports', () => alone?.sent.length === 1)
  t.same(alone?.sent, [{ node: 'a', coordinate: startCoordinate }])
})

void t.test('a server writes reports in batches, and no more than so many', async t => {
  const clock = new FakeClock()
  const catalog = await Catalog.open({ store: openMemoryStore(), clock: systemClock })
  const log = new RecordingLog()
  const handlers = new Map<string, (body: unknown) => Promise<unknown>>()
  const batch = createCoordinateBatch({
    catalog,
    clock,
    log,
    server: {
      handle: (name: string, handler: (body: unknown) => Promise<unknown>) => {
        handlers.set(name, handler)
      },
    } as unknown as RpcServer,
  })
  t.teardown(() => {
    batch.close()
    catalog.close()
  })
  const report = handlers.get(coordinateUpdateMethod)
  for (const node of ['a', 'b']) await catalog.execute(register({ node, address: '192.0.2.1' }))
  const at = (x: number) => ({ ...startCoordinate, vec: startCoordinate.vec.map((one, i) => (i === 0 ? x : one)) })
  for (const x of [1, 2, 3]) await report?.({ node: 'a', coordinate: at(x) })
  await report?.({ node: 'B', coordinate: at(1) })
  await clock.advance(4900)
  t.same(catalog.coordinates.all(), [], 'not at once')
  const before = catalog.revision
  await clock.advance(200)
  await until('it is written', () => catalog.coordinates.all().length === 2)
  t.equal(catalog.revision, before + 1, 'in one write')
  t.equal(catalog.coordinates.get('a')?.coordinate.vec[0], 3, 'the newest')

  for (let i = 0; i < 1000; i++) batch.add({ node: `n${i}`, coordinate: at(1) })
  batch.add({ node: 'n3', coordinate: at(2) })
  await clock.advance(5100)
  t.match(
    log.lines.find(({ level }) => level === 'warn'),
    { message: 'more coordinates were reported than are written', fields: { dropped: 360 } },
  )
  for (const body of [
    undefined,
    {},
    { node: '', coordinate: at(1) },
    { node: 'x'.repeat(300), coordinate: at(1) },
    { node: 'a', coordinate: { ...at(1), vec: [1] } },
    { node: 'a', coordinate: { ...at(1), height: null } },
  ]) {
    t.throws(
      () => {
        void report?.(body)
      },
      { code: 'COORDINATE_INVALID' },
    )
  }
})

void t.test('a few neighbours, each again and again, and in the end all of them', t => {
  const lost: string[] = []
  const candidates = Array.from({ length: 30 }, (_, i) => ({ id: `m${i}` }))
  const neighbours = new Neighbours({
    maxNeighbours: 4,
    turnsPerChange: 10,
    random: Math.random,
    lost: id => {
      lost.push(id)
    },
  })
  const first = Array.from({ length: 9 }, () => neighbours.next(candidates)?.id)
  t.equal(new Set(first).size, 4)
  const seen = new Set(Array.from({ length: 3000 }, () => neighbours.next(candidates)?.id))
  t.equal(seen.size, 30)
  t.ok(lost.length > 200)
  t.equal(neighbours.next([{ id: 'm99' }])?.id, 'm99', 'those that went are no neighbours')
  t.equal(neighbours.next([]), undefined)
  t.end()
})

void t.test('what is worth a report', t => {
  const at = (x: number, more = {}) => ({
    ...startCoordinate,
    vec: startCoordinate.vec.map((one, i) => (i === 0 ? x : one)),
    ...more,
  })
  const cases: readonly [string, ReturnType<typeof at>, ReturnType<typeof at>, boolean][] = [
    ['nothing new', at(0.1), at(0.1), false],
    ['a hundredth', at(0.1), at(0.101), false],
    ['a tenth', at(0.1), at(0.11), true],
    ['20 µs', at(0), at(20e-6), false],
    ['height', at(0), at(0, { height: 1e-3 }), true],
    ['adjustment', at(0), at(0, { adjustment: -1e-3 }), true],
    ['surer', at(0), at(0, { error: 1 }), true],
  ]
  for (const [name, before, now, expected] of cases) t.equal(movedEnough(before, now), expected, name)
  t.end()
})
