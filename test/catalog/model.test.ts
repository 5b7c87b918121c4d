import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { MusterError } from '../../src/common/errors.js'
import { Catalog, deregister, pushNode, register, syncNode } from '../../src/catalog/index.js'
import type { CatalogReads, Command, RegisterRequest, SyncRequest, Topic } from '../../src/catalog/index.js'
import { systemClock } from '../../src/common/clock.js'
import { openMemoryStore } from '../../src/store/index.js'
import { counted, engines, type Counted, type Engine } from '../support/engines.js'
import { Model } from './model.js'
import { checkData, nodeData, serviceData, uuid } from './samples.js'

// Few names, so that entries meet: two spellings of one node, one that sorts between them and a neighbour, one that
// needs escaping.
const nodeNames = ['n1', 'N1', 'n1-b', 'ü/%']
const serviceIds = ['web', 'web-2', 'db']
const serviceNames = ['web', 'Web', 'db']
const checkIds = ['a', 'service:web', 'serfHealth']
const states = ['passing', 'warning', 'critical', 'odd']

const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { freq: 2 })
const node = fc.record({
  node: fc.constantFrom(...nodeNames),
  id: fc.constantFrom('', uuid('a'), uuid('b')),
  address: fc.constantFrom('192.0.2.1', '192.0.2.2'),
  meta: maybe(fc.constantFrom({ rack: 'r1' }, { rack: 'r2' })),
  taggedAddresses: maybe(fc.constant({ wan: '198.51.100.1' })),
})
const service = fc.record({
  id: fc.constantFrom(...serviceIds),
  name: fc.constantFrom(...serviceNames),
  tags: fc.subarray(['v1', 'v2', 'é']),
  port: fc.constantFrom(80, 81),
  address: fc.constantFrom('', '2001:DB8::1', '2001:db8:0::1'),
})
const check = fc.record({
  id: fc.constantFrom(...checkIds),
  status: fc.constantFrom(...states),
  output: fc.constantFrom('', 'o'),
  serviceId: fc.constantFrom('', '', ...serviceIds),
})
const few = <T, K>(value: fc.Arbitrary<T>, key: (value: T) => K): fc.Arbitrary<T[]> =>
  fc.uniqueArray(value, { maxLength: 3, selector: key })
const checks = few(check, value => value.id)

interface Step {
  readonly run: (model: Model) => boolean
  readonly command: Command<unknown>
}
interface Told {
  readonly text: string
  readonly step: Step
}

const told = (text: string, step: Step): Told => ({ text, step })
const registration = fc
  .record({ node, skipNodeUpdate: fc.boolean(), service: fc.option(service, { nil: undefined }), checks })
  .map(given => {
    const request: RegisterRequest = {
      ...given.node,
      skipNodeUpdate: given.skipNodeUpdate,
      checks: given.checks.map(item => checkData({ ...item, node: given.node.node })),
      ...(given.service === undefined ? {} : { service: given.service }),
    }
    return told(`register ${JSON.stringify(request)}`, {
      run: model => model.register(request),
      command: register(request),
    })
  })
const removal = fc
  .record({
    node: fc.constantFrom(...nodeNames),
    serviceId: fc.constantFrom('', ...serviceIds),
    checkId: fc.constantFrom('', ...checkIds),
  })
  .map(request =>
    told(`deregister ${JSON.stringify(request)}`, {
      run: model => model.deregister(request),
      command: deregister(request),
    }),
  )
const push = fc
  .record({
    node,
    services: few(service, value => value.id),
    checks,
    goneServices: fc.subarray(serviceIds),
    goneChecks: fc.subarray(checkIds),
  })
  .map(given => {
    const gone = given.goneServices.filter(id => !given.checks.some(item => item.serviceId === id))
    const request: SyncRequest = {
      node: nodeData(given.node),
      put: { services: given.services.map(serviceData), checks: given.checks.map(checkData) },
      remove: { services: gone, checks: given.goneChecks },
    }
    return told(`sync ${JSON.stringify(request)}`, { run: model => model.sync(request), command: syncNode(request) })
  })
const steps = fc.array(fc.oneof(registration, push, removal), { maxLength: 20 })

/** Each topic with the answer that it stands for, worked out by the model. */
function topics(catalog: CatalogReads, engine: Engine): { topic: Topic; answer: (model: Model) => unknown }[] {
  const on = <T extends { node: string }>(rows: T[], name: string): T[] =>
    rows.filter(row => row.node.toLowerCase() === name.toLowerCase())
  return [
    // Etcd counts work of its own, too.
    ...(engine.clocked ? [{ topic: catalog.topics.all(), answer: (model: Model) => model.revision }] : []),
    { topic: catalog.nodes.topics.all(), answer: model => model.nodes() },
    { topic: catalog.services.topics.names(), answer: model => model.names() },
    {
      topic: catalog.services.topics.namesOnNodes(),
      answer: model =>
        model
          .services()
          .map(({ node, id, name, tags }) => [node.toLowerCase(), id, name, tags, on(model.nodes(), node)[0]?.meta]),
    },
    { topic: catalog.checks.topics.inState('any'), answer: model => model.checks() },
    ...states.map(state => ({
      topic: catalog.checks.topics.inState(state),
      answer: (model: Model) => model.checks().filter(item => item.status === state),
    })),
    ...['WEB', 'db', 'never'].map(name => ({
      topic: catalog.health.topics.instances(name),
      answer: (model: Model) => model.instances(name),
    })),
    ...['WEB', 'db', 'never'].map(name => ({
      topic: catalog.checks.topics.ofService(name),
      answer: (model: Model) => model.checks().filter(item => item.serviceName.toLowerCase() === name.toLowerCase()),
    })),
    ...['N1', 'n1-b', 'ü/%', 'never'].map(name => ({
      topic: catalog.nodes.topics.one(name),
      answer: (model: Model) => [on(model.nodes(), name), on(model.services(), name), on(model.checks(), name)],
    })),
  ]
}

/** Every read of a catalog, as JSON. */
function reads(catalog: CatalogReads): string {
  return JSON.stringify({
    nodes: [...catalog.nodes.all()],
    services: nodeNames.map(name => catalog.services.ofNode(name)),
    checks: catalog.checks.inState('any'),
    names: [...catalog.services.names()].map(({ name, tags }) => ({ name, tags: [...tags] })),
    instances: serviceNames.map(name => catalog.health.instances(name)),
    single: nodeNames.map(name => [
      catalog.nodes.find(name),
      catalog.services.get(name, 'web'),
      catalog.checks.get(name, 'serfHealth'),
    ]),
    ofNode: nodeNames.map(name => [
      catalog.checks.ofNode(name),
      catalog.checks.ofInstance(name, 'web'),
      catalog.checks.ofInstance(name, ''),
    ]),
    ofService: serviceNames.map(name => catalog.checks.ofService(name)),
    states: states.map(state => catalog.checks.inState(state)),
    byId: ['a', 'b'].map(digit => [
      catalog.nodes.find(uuid(digit)),
      catalog.nodes.find(uuid(digit).slice(0, 6).toUpperCase()),
    ]),
    byAddress: [catalog.nodes.at('192.0.2.2'), catalog.nodes.at('198.51.100.1'), catalog.services.at('2001:db8::1')],
  })
}

function expected(model: Model): string {
  const on = <T extends { node: string }>(rows: T[], name: string): T[] =>
    rows.filter(row => row.node.toLowerCase() === name.toLowerCase())
  const withId = (digit: string) => model.nodes().find(item => item.id === uuid(digit))
  const at = (address: string) =>
    model.nodes().filter(item => item.address === address || item.taggedAddresses?.wan === address)
  return JSON.stringify({
    nodes: model.nodes(),
    services: nodeNames.map(name => on(model.services(), name)),
    checks: model.checks(),
    names: model.names(),
    instances: serviceNames.map(name => model.instances(name)),
    single: nodeNames.map(name => [
      on(model.nodes(), name)[0],
      on(model.services(), name).find(item => item.id === 'web'),
      on(model.checks(), name).find(item => item.id === 'serfHealth'),
    ]),
    ofNode: nodeNames.map(name => [
      on(model.checks(), name),
      ...['web', ''].map(owner => on(model.checks(), name).filter(item => item.serviceId === owner)),
    ]),
    ofService: serviceNames.map(name =>
      model.checks().filter(item => item.serviceName.toLowerCase() === name.toLowerCase()),
    ),
    states: states.map(state => model.checks().filter(item => item.status === state)),
    byId: ['a', 'b'].map(digit => [withId(digit), withId(digit)]),
    byAddress: [at('192.0.2.2'), at('198.51.100.1'), model.services().filter(item => item.address !== '')],
  })
}

const canonical = (json: string): unknown => JSON.parse(json)

interface Run {
  readonly catalog: Catalog
  readonly model: Model
  readonly written: Counted
  readonly engine: Engine
}

/** Assertions throw in here, so that fast-check can look for the shortest sequence that fails. */
async function runStep({ catalog, model, written, engine }: Run, { text, step }: Told): Promise<void> {
  const watched = topics(catalog, engine).map(({ topic, answer }) => ({
    topic,
    answer,
    index: topic.index,
    before: JSON.stringify(answer(model)),
  }))
  const stops = watched.map(() => new AbortController())
  const waits = watched.map(({ topic, index }, i) => catalog.wait(topic, index, 60_000, stops[i]?.signal))
  const commits = written.commits
  const refused = await catalog.execute(step.command).then(
    () => false,
    (error: unknown) => {
      if (error instanceof MusterError && error.code.startsWith('CATALOG_')) return true
      throw error
    },
  )
  // A change gets the revision that the store gave it.
  model.revision = Math.max(model.revision, written.revision - 1)
  const accepted = step.run(model)
  assert.equal(refused, !accepted, `${text} ${accepted ? 'is accepted' : 'is refused'}`)
  assert.equal(written.commits - commits, model.changed ? 1 : 0, `${text} writes only what changes something`)
  assert.deepEqual(canonical(reads(catalog)), canonical(expected(model)), `${text} leaves what the model has`)
  for (const stop of stops) stop.abort()
  const woken = await Promise.all(waits)
  watched.forEach(({ topic, answer, index, before }, i) => {
    const changed = JSON.stringify(answer(model)) !== before
    assert.equal(topic.index, changed ? model.revision : index, `${text}: ${topic.name} ${changed ? 'moves' : 'stays'}`)
    assert.equal(woken[i], changed, `${text}: waiters on ${topic.name} ${changed ? 'wake' : 'sleep on'}`)
  })
}

for (const engine of engines(t)) {
  void t.test(
    `any sequence of writes leaves the catalog as the model has it, and moves exactly the topics whose answer changed (${engine.name})`,
    async () => {
      await fc.assert(
        fc.asyncProperty(steps, async sequence => {
          const written = counted(await engine.open(systemClock))
          const { store } = written
          const catalog = await Catalog.open({ store, clock: systemClock })
          const model = new Model(catalog.revision)
          try {
            for (const step of sequence) {
              await runStep({ catalog, model, written, engine }, step)
              if (engine.clocked) assert.equal(catalog.revision, model.revision, 'a revision for each change')
            }
            const fresh = await Catalog.open({ store, clock: systemClock })
            assert.deepEqual(
              canonical(reads(fresh)),
              canonical(reads(catalog)),
              'a load gives the state that watching gave',
            )
            if (engine.clocked) assert.equal(fresh.revision, catalog.revision)
            for (const [i, { topic }] of topics(fresh, engine).entries()) {
              assert.equal(topic.index, fresh.revision, 'after a load everything is at the loaded revision')
              assert.ok(
                topic.index >= (topics(catalog, engine)[i]?.topic.index ?? 0),
                'which is not before what was told earlier',
              )
            }
            fresh.close()
          } finally {
            catalog.close()
            await store.close()
          }
        }),
        { numRuns: engine.runs(120) },
      )
    },
  )
}

void t.test('a sync in pieces of any size ends like one in a piece', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(registration, { maxLength: 8 }),
      node,
      few(service, value => value.id),
      checks,
      fc.integer({ min: 1, max: 6 }),
      async (before, given, services, putChecks, limit) => {
        const request: SyncRequest = {
          node: nodeData({ ...given, id: '' }),
          put: {
            services: services.map(serviceData),
            checks: putChecks
              .filter(item => item.serviceId === '' || services.some(({ id }) => id === item.serviceId))
              .map(checkData),
          },
          remove: { services: serviceIds, checks: checkIds },
        }
        const [whole, pieces] = await Promise.all(
          [undefined, limit].map(async pieceLimit => {
            const store = openMemoryStore()
            const catalog = await Catalog.open({ store, clock: systemClock })
            for (const { step } of before) await catalog.execute(step.command).catch(() => undefined)
            await pushNode(
              catalog,
              request,
              pieceLimit === undefined ? undefined : { writes: pieceLimit, bytes: Infinity },
            )
            const left = JSON.stringify(
              [...catalog.nodes.all()].map(({ node }) => [
                node,
                catalog.services.ofNode(node).map(({ id, name }) => [id, name]),
                catalog.checks.ofNode(node).map(({ id, status, serviceTags }) => [id, status, serviceTags]),
              ]),
            )
            catalog.close()
            await store.close()
            return left
          }),
        )
        assert.equal(pieces, whole)
      },
    ),
    { numRuns: 60 },
  )
})
