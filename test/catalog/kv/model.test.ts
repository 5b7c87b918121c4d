import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import {
  Catalog,
  createSession,
  deregister,
  destroySession,
  kvAcquire,
  kvCas,
  kvDelete,
  kvDeleteCas,
  kvDeleteTree,
  kvPut,
  kvRelease,
  register,
  runTransaction,
} from '../../../src/catalog/index.js'
import type { CatalogReads, Topic, TxnOp } from '../../../src/catalog/index.js'
import { milliseconds, seconds } from '../../../src/common/duration.js'
import { revision } from '../../../src/store/index.js'
import { counted, engines, type Counted, type Engine } from '../../support/engines.js'
import { FakeClock } from '../../support/fake-clock.js'
import { uuid } from '../samples.js'
import { KvModel } from './kv-model.js'

const keyNames = ['a', 'a/', 'a/b', 'a/b/c', 'a/c', 'ab', 'b', 'é/x']
const prefixes = ['', 'a', 'a/', 'a/b', 'b', 'é', 'none']
const checkIds = ['c1', 'c2']
const nodeNames = ['n1', 'n2']

const key = fc.constantFrom(...keyNames)
const value = fc.constantFrom('', 'x', 'y')
const flags = fc.constantFrom(0n, 7n, 0xffff_ffff_ffff_ffffn)
/** Which of the sessions made so far, counted from the newest. */
const session = fc.nat(3)
const index = fc.constantFrom<Which>('right', 'zero', 'wrong')
type Which = 'right' | 'zero' | 'wrong'
const verb = fc.constantFrom(
  'set',
  'set',
  'cas',
  'lock',
  'lock',
  'unlock',
  'delete',
  'delete-tree',
  'delete-cas',
  'get',
  'get-tree',
  'check-index',
  'check-session',
  'check-not-exists',
)

/** What can be done. Where time cannot be moved, none passes, and a delay outlasts the test. */
const stepOn = ({ clocked }: Engine) =>
  fc.oneof(
    fc.record({ do: fc.constant('put' as const), key, value, flags }),
    fc.record({ do: fc.constant('cas' as const), key, value, flags, index }),
    fc.record({ do: fc.constant('acquire' as const), key, value, flags, session }),
    fc.record({ do: fc.constant('acquire' as const), key, value, flags, session }),
    fc.record({ do: fc.constant('release' as const), key, value, flags, session }),
    fc.record({ do: fc.constant('delete' as const), key }),
    fc.record({ do: fc.constant('delete-cas' as const), key, index }),
    fc.record({ do: fc.constant('delete-tree' as const), key }),
    fc.record({
      do: fc.constant('create' as const),
      node: fc.constantFrom(...nodeNames),
      checks: fc.subarray(checkIds),
      behavior: fc.constantFrom('release' as const, 'delete' as const),
      lockDelay: fc.constantFrom(0, clocked ? 10_000 : 600_000),
    }),
    fc.record({ do: fc.constant('destroy' as const), session }),
    fc.record({
      do: fc.constant('check' as const),
      node: fc.constantFrom(...nodeNames),
      check: fc.constantFrom(...checkIds),
      status: fc.constantFrom('passing', 'passing', 'critical'),
    }),
    fc.record({
      do: fc.constant('remove' as const),
      node: fc.constantFrom(...nodeNames),
      check: fc.constantFrom('', ...checkIds),
    }),
    clocked
      ? fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(3000, 10_000) })
      : fc.constant({ do: 'delete' as const, key: 'a' }),
    fc.record({
      do: fc.constant('txn' as const),
      ops: fc.array(fc.record({ verb, key, value, session, index }), { maxLength: 5 }),
    }),
  )
type Step = ReturnType<typeof stepOn> extends fc.Arbitrary<infer Value> ? Value : never

/** A catalog and the model, taking the same steps. */
class Pair {
  readonly model: KvModel
  readonly #made: string[] = []

  constructor(
    readonly catalog: Catalog,
    readonly clock: FakeClock,
    readonly written: Counted,
  ) {
    this.model = new KvModel(catalog.revision)
  }

  /** Takes a step in both; gives what each of them answered. */
  async take(one: Step): Promise<{ real: unknown; expected: unknown }> {
    const before = this.written.commits
    const both = await this.#take(one)
    const commits = this.written.commits - before
    // A transaction of operations may put something and take it away again, which writes and changes nothing.
    if (one.do !== 'pass')
      assert.equal(
        commits,
        this.model.changed || (one.do === 'txn' && commits === 1) ? 1 : 0,
        'a transaction for each change, none for nothing',
      )
    return both
  }

  /** A step of the model, whose change gets the revision that the store gave it. */
  #step<Result>(run: () => Result): Result {
    this.model.revision = Math.max(this.model.revision, this.written.revision - 1)
    return this.model.step(run)
  }

  async #take(one: Step): Promise<{ real: unknown; expected: unknown }> {
    const { model, catalog } = this
    switch (one.do) {
      case 'put':
        return this.#both(kvPut(data(one)), () => model.put(one.key, one.value, one.flags))
      case 'cas': {
        const at = this.#index(one.key, one.index)
        return this.#both(kvCas(data(one), at), () => model.cas(one.key, one.value, one.flags, at))
      }
      case 'acquire':
        return this.#both(kvAcquire(data(one), this.#session(one.session)), () =>
          model.acquire(one.key, one.value, one.flags, this.#session(one.session)),
        )
      case 'release':
        return this.#both(kvRelease(data(one), this.#session(one.session)), () =>
          model.release(one.key, one.value, one.flags, this.#session(one.session)),
        )
      case 'delete':
        return this.#both(kvDelete(one.key), () => model.delete(one.key))
      case 'delete-cas': {
        const at = this.#index(one.key, one.index)
        return this.#both(kvDeleteCas(one.key, at), () => model.deleteCas(one.key, at))
      }
      case 'delete-tree':
        return this.#both(kvDeleteTree(one.key), () => model.deleteTree(one.key))
      case 'create':
        return this.#create(one)
      case 'destroy':
        return this.#both(destroySession(this.#session(one.session)), () =>
          model.destroySession(this.#session(one.session)),
        )
      case 'check': {
        const { node, check, status } = one
        await catalog.execute(register({ node, address: '192.0.2.1', checks: [{ id: check, status }] }))
        this.#step(() => {
          model.setCheck(node, check, status)
        })
        return same
      }
      case 'remove':
        await catalog.execute(deregister({ node: one.node, checkId: one.check }))
        this.#step(() => {
          if (one.check === '') model.deleteNode(one.node)
          else model.deleteCheck(one.node, one.check)
        })
        return same
      case 'pass':
        await this.clock.advance(one.ms)
        model.pass(one.ms)
        // What a lapse deletes shows nowhere but in the count of revisions.
        model.revision = catalog.revision
        return same
      case 'txn':
        return this.#transact(one.ops)
    }
  }

  async #both(
    command: Parameters<Catalog['execute']>[0],
    expect: () => unknown,
  ): Promise<{ real: unknown; expected: unknown }> {
    const real = await this.catalog.execute(command).then(
      ({ result }) => result,
      () => 'refused',
    )
    return { real, expected: this.#step(expect) }
  }

  async #create({
    node,
    checks,
    behavior,
    lockDelay,
  }: Extract<Step, { do: 'create' }>): Promise<{ real: unknown; expected: unknown }> {
    const id = `${uuid('a').slice(0, -4)}${String(this.#made.length).padStart(4, '0')}`
    const request = {
      id,
      node,
      behavior,
      name: '',
      ttl: '',
      lockDelay: milliseconds(lockDelay),
      nodeChecks: checks,
      serviceChecks: [],
      checks: [],
    }
    const both = await this.#both(createSession(request, seconds(10)), () =>
      this.model.createSession(id, { node, checks, behavior, lockDelay }) ? id : 'refused',
    )
    if (both.expected === id) this.#made.push(id)
    return both
  }

  async #transact(ops: readonly { verb: string; key: string; value: string; session: number; index: Which }[]) {
    const written = new Set<string>()
    const wanted = ops.map((op): TxnOp => {
      const { verb, key, value } = op
      const at = op.index === 'right' && written.has(key) ? -2 : this.#index(key, op.index)
      if (!verb.startsWith('get') && !verb.startsWith('check'))
        for (const name of keyNames) if (verb === 'delete-tree' ? name.startsWith(key) : name === key) written.add(name)
      return {
        kind: 'kv',
        verb,
        data: { key, flags: 0n, value: Buffer.from(value) },
        index: at,
        session: this.#session(op.session),
      }
    })
    const outcome = await runTransaction(this.catalog, wanted)
    const expected = this.#step(() =>
      this.model.txn(ops.map((op, i) => ({ ...op, session: this.#session(op.session), index: wanted[i]?.index ?? 0 }))),
    )
    return { real: 'errors' in outcome ? outcome.errors.map(({ opIndex }) => opIndex) : [], expected }
  }

  #session(back: number): string {
    return this.#made.at(-1 - back) ?? uuid('f')
  }

  #index(name: string, which: Which): number {
    return which === 'zero' ? 0 : which === 'wrong' ? 999_999 : (this.model.entries.get(name)?.modified ?? 0)
  }
}

const same = { real: true, expected: true }

const data = ({ key, value, flags }: { key: string; value: string; flags: bigint }) => ({
  key,
  flags,
  value: Buffer.from(value),
})

const entriesBelow = (catalog: CatalogReads, prefix: string) =>
  [...catalog.kv.below(prefix)].map(entry => ({ ...entry, value: entry.value.toString() }))

for (const engine of engines(t)) {
  void t.test(
    `whatever is done, entries, locks, sessions and indexes are those of the model (${engine.name})`,
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(stepOn(engine), { minLength: 5, maxLength: 40 }), async steps => {
          const clock = new FakeClock()
          const written = counted(await engine.open(clock))
          const { store } = written
          const catalog = await Catalog.open({ store, clock })
          const pair = new Pair(catalog, clock, written)
          const { model } = pair
          for (const node of nodeNames)
            for (const check of checkIds) await pair.take({ do: 'check', node, check, status: 'passing' })
          const floor = catalog.kv.topics.one('never there').index
          const held = watched(catalog)
          try {
            for (const one of steps) {
              const before = held.map(({ topic }) => topic.index)
              const { real, expected } = await pair.take(one)
              assert.deepEqual(
                real,
                expected,
                JSON.stringify(one, (_key, part: unknown) => (typeof part === 'bigint' ? String(part) : part)),
              )
              if (engine.clocked)
                assert.equal(catalog.revision, model.revision, 'a revision for each change, none for nothing')
              for (const prefix of prefixes) assert.deepEqual(entriesBelow(catalog, prefix), model.below(prefix))
              assert.deepEqual(
                catalog.sessions.all().map(({ id }) => id),
                [...model.sessions.keys()].sort(),
              )
              for (const id of model.sessions.keys())
                assert.deepEqual(
                  catalog.locks.heldBy(id),
                  [...model.entries]
                    .filter(([, entry]) => entry.session === id)
                    .map(([name]) => name)
                    .sort(),
                )
              for (const [i, { topic, matches }] of held.entries()) {
                assert.equal(topic.index, model.index(matches, floor), `index of ${topic.name}`)
                assert.equal(await catalog.wait(topic, revision(before[i] ?? 0), 0), topic.index > (before[i] ?? 0))
              }
            }
            // Prefixes that nobody asked for before have the index that they would have had.
            for (const prefix of ['a/b/', 'ab', 'é/'])
              assert.equal(
                catalog.kv.topics.below(prefix).index,
                model.index(name => name.startsWith(prefix), floor),
              )
            const again = await Catalog.open({ store, clock })
            assert.deepEqual(entriesBelow(again, ''), entriesBelow(catalog, ''))
            assert.deepEqual(again.sessions.all(), catalog.sessions.all())
            again.close()
          } finally {
            catalog.close()
            await store.close()
          }
        }),
        { numRuns: engine.runs(400) },
      )
    },
  )
}

/** Topics held from the start, each with the keys that move it. */
function watched(
  catalog: CatalogReads,
): readonly { readonly topic: Topic; readonly matches: (name: string) => boolean }[] {
  return [
    ...keyNames
      .slice(0, 4)
      .map(name => ({ topic: catalog.kv.topics.one(name), matches: (changed: string) => changed === name })),
    ...prefixes.map(prefix => ({
      topic: catalog.kv.topics.below(prefix),
      matches: (changed: string) => changed.startsWith(prefix),
    })),
  ]
}
