import fc from 'fast-check'
import t from 'tap'
import {
  askedToPromise,
  beginFounding,
  considerFounding,
  isPromiseValid,
  promiseGranted,
  promisesNeeded,
  withoutPromise,
  type Founding,
  type FoundingRecord,
  type Reachable,
  type Surroundings,
} from '../../../src/cluster/formation/founding-promises.js'

const around = (
  reachable: readonly (string | (Partial<Reachable> & { readonly id: string }))[],
  expect = 3,
  known = reachable.length + 1,
): Surroundings => ({
  expect,
  known,
  token: 'fresh',
  reachable: reachable.map(one =>
    typeof one === 'string' ? { id: one, expect, carries: false } : { expect, carries: false, ...one },
  ),
})
const at = (self: string, record: FoundingRecord = {}, carries = false): Founding =>
  beginFounding(self, carries, record)

t.test('what a server does as things stand', async t => {
  const promised = { promise: { to: 'a', token: 't1' } }
  const rows: readonly (readonly [string, Founding, Surroundings, unknown])[] = [
    ['too few others', at('a'), around(['b']), []],
    ['enough, but another has the lower id', at('b'), around(['a', 'c']), []],
    ['enough, and the lowest id', at('a'), around(['b', 'c']), [{ do: 'ask', ids: ['b', 'c'], token: 'fresh' }]],
    [
      'the lower id never founds',
      at('b'),
      around([{ id: 'a', expect: 0 }, 'c']),
      [{ do: 'ask', ids: ['a', 'c'], token: 'fresh' }],
    ],
    ['it never founds itself', at('a'), around(['b', 'c'], 0), []],
    ['another brings a catalog', at('a'), around(['b', { id: 'c', carries: true }]), []],
    ['it brings a catalog', at('b', {}, true), around(['a', 'c']), [{ do: 'ask', ids: ['a', 'c'], token: 'fresh' }]],
    ['alone is enough', at('a'), around([], 1), [{ do: 'found' }]],
    ['more are known than half of which answer', at('a'), around(['b'], 2, 5), []],
    ['a cluster is there', at('a'), around(['b', { id: 'c', cluster: 'x' }]), [{ do: 'enter', id: 'c', cluster: 'x' }]],
    ['a promise was given', at('c', promised), around(['a', 'b']), [{ do: 'verify', id: 'a', token: 't1' }]],
    [
      'a promise was given, but a cluster is there',
      at('c', promised),
      around([{ id: 'b', cluster: 'x' }]),
      [{ do: 'enter', id: 'b', cluster: 'x' }],
    ],
    [
      'gathering goes on after a restart',
      at('a', promised),
      around(['b', 'c']),
      [{ do: 'ask', ids: ['b', 'c'], token: 't1' }],
    ],
    ['decided before a restart', at('a', { ...promised, decided: true }), around([]), [{ do: 'found' }]],
  ]
  for (const [name, founding, surroundings, expected] of rows)
    t.same(considerFounding(founding, surroundings).actions, expected, name)
  t.same(
    considerFounding(at('b', { promise: { to: 'b', token: 't' } }), around(['a', 'c'])).founding.record,
    {},
    'it gives its own attempt up for a lower id',
  )
  t.same([promisesNeeded(3, 3), promisesNeeded(2, 5), promisesNeeded(1, 1), promisesNeeded(3, 2)], [3, 3, 1, 3])
})

t.test('promises', async t => {
  const asking = (id: string, carries = false): { id: string; carries: boolean } => ({ id, carries })
  const gave = askedToPromise(at('c'), asking('a'), 't1')
  t.same(gave.answer, { promised: true })
  t.same(gave.founding.record, { promise: { to: 'a', token: 't1' } })
  t.same(askedToPromise(gave.founding, asking('a'), 't1').answer, { promised: true }, 'again')
  t.same(askedToPromise(gave.founding, asking('b'), 't2').answer, { promised: false, to: 'a' }, 'another founder')
  t.same(
    askedToPromise(gave.founding, asking('a'), 't0').answer,
    { promised: false, to: 'a' },
    'another token of the same founder might be an old one',
  )
  t.same(
    askedToPromise(at('b', { promise: { to: 'b', token: 't' } }), asking('a'), 't1').answer,
    { promised: true },
    'the own attempt is given up for a lower id',
  )
  t.same(
    askedToPromise(at('b', { promise: { to: 'b', token: 't' }, decided: true }), asking('a'), 't1').answer,
    { promised: false, to: 'b' },
    'not when it was decided',
  )
  t.same(askedToPromise(at('a', { promise: { to: 'a', token: 't' } }), asking('b'), 't1').answer, {
    promised: false,
    to: 'a',
  })
  t.same(withoutPromise(gave.founding, 'a', 't1').record, {})
  t.same(withoutPromise(gave.founding, 'a', 't0').record, gave.founding.record, 'an answer about another token')
  t.equal(isPromiseValid(at('a', { promise: { to: 'a', token: 't' } }), 't'), true)
  t.equal(isPromiseValid(at('a', { promise: { to: 'b', token: 't' } }), 't'), false)
  const gathering = considerFounding(at('a'), around(['b', 'c'])).founding
  t.same(
    promiseGranted(gathering, 'b', 'former', around(['b', 'c'])).granted.size,
    0,
    'a late answer for a former token does not count',
  )
  const one = promiseGranted(gathering, 'b', 'fresh', around(['b', 'c']))
  t.equal(one.record.decided, undefined)
  t.equal(promiseGranted(one, 'b', 'fresh', around(['b', 'c'])).record.decided, undefined, 'the same one twice is one')
  t.equal(promiseGranted(one, 'c', 'fresh', around(['b', 'c'])).record.decided, true)
})

type Message =
  | { readonly kind: 'ask'; readonly from: string; readonly to: string; readonly token: string }
  | { readonly kind: 'granted'; readonly from: string; readonly to: string; readonly token: string }
  | { readonly kind: 'verify'; readonly from: string; readonly to: string; readonly token: string }
  | { readonly kind: 'void'; readonly from: string; readonly to: string; readonly token: string }

/**
 * Servers that run the rules over a network that loses, doubles and delays, with a disk that keeps what was written.
 */
class World {
  readonly servers = new Map<string, Founding>()
  readonly disks = new Map<string, FoundingRecord>()
  readonly formed = new Map<string, string>()
  readonly messages: Message[] = []
  readonly decisions = new Map<string, ReadonlySet<string>>()
  #tokens = 0

  constructor(
    readonly ids: readonly string[],
    readonly expect: number,
    readonly carrier: string | undefined,
  ) {
    for (const id of ids) this.restart(id)
  }

  restart(id: string): void {
    this.servers.set(id, beginFounding(id, id === this.carrier, this.disks.get(id) ?? {}))
  }
  crash(id: string): void {
    this.servers.delete(id)
  }

  /** `seen`: whom it sees among those that run; all servers are known to all. */
  tick(id: string, seen: (other: string) => boolean): void {
    const founding = this.servers.get(id)
    if (founding === undefined || this.formed.has(id)) return
    const { founding: after, actions } = considerFounding(founding, this.around(id, seen))
    this.keep(id, after)
    for (const action of actions) {
      if (action.do === 'ask')
        for (const to of action.ids) this.messages.push({ kind: 'ask', from: id, to, token: action.token })
      if (action.do === 'verify') this.messages.push({ kind: 'verify', from: id, to: action.id, token: action.token })
      if (action.do === 'found') this.formed.set(id, `cluster of ${id}`)
      if (action.do === 'enter') this.formed.set(id, action.cluster)
    }
  }

  deliver(message: Message): void {
    const { from, to, token } = message
    const founding = this.servers.get(to)
    if (founding === undefined) return
    if (message.kind === 'ask' && !this.formed.has(to)) {
      const { founding: after, answer } = askedToPromise(founding, { id: from, carries: from === this.carrier }, token)
      this.keep(to, after)
      if (answer.promised) this.messages.push({ kind: 'granted', from: to, to: from, token })
    }
    if (message.kind === 'granted' && !this.formed.has(to))
      this.keep(
        to,
        promiseGranted(
          founding,
          from,
          token,
          this.around(to, () => true),
        ),
      )
    if (message.kind === 'verify' && !isPromiseValid(founding, token))
      this.messages.push({ kind: 'void', from: to, to: from, token })
    if (message.kind === 'void' && !this.formed.has(to)) this.keep(to, withoutPromise(founding, from, token))
  }

  around(id: string, seen: (other: string) => boolean): Surroundings {
    const reachable = this.ids
      .filter(other => other !== id && this.servers.has(other) && seen(other))
      .map(other => {
        const cluster = this.formed.get(other)
        return {
          id: other,
          expect: this.expect,
          carries: other === this.carrier,
          ...(cluster !== undefined && { cluster }),
        }
      })
    return { expect: this.expect, reachable, known: this.known(id), token: `t${++this.#tokens}` }
  }

  known(_id: string): number {
    return this.ids.length
  }

  keep(id: string, founding: Founding): void {
    this.disks.set(id, founding.record)
    this.servers.set(id, founding)
    if (founding.record.decided === true && !this.decisions.has(id))
      this.decisions.set(id, new Set([id, ...founding.granted]))
  }
}

const steps = fc.array(
  fc.record({
    what: fc.constantFrom('tick', 'tick', 'deliver', 'deliver', 'deliver', 'lose', 'double', 'crash', 'restart'),
    who: fc.nat(4),
    message: fc.nat(1000),
    sees: fc.nat(31),
  }),
  { maxLength: 150 },
)

const world = fc.record({
  size: fc.integer({ min: 2, max: 5 }),
  expect: fc.integer({ min: 1, max: 5 }),
  carrier: fc.option(fc.nat(4)),
  steps,
})

function run(
  {
    size,
    expect,
    carrier,
    steps,
  }: {
    size: number
    expect: number
    carrier: number | null
    steps: readonly { what: string; who: number; message: number; sees: number }[]
  },
  make: (ids: readonly string[], expect: number, carrier: string | undefined) => World,
): World {
  const ids = ['a', 'b', 'c', 'd', 'e'].slice(0, size)
  const one = make(ids, Math.min(expect, size), carrier === null ? undefined : ids[carrier])
  for (const { what, who, message, sees } of steps) {
    const id = ids[who % size] ?? 'a'
    const place = one.messages.length === 0 ? -1 : message % one.messages.length
    if (what === 'tick') one.tick(id, other => (sees >> ids.indexOf(other)) % 2 === 1)
    if (what === 'crash') one.crash(id)
    if (what === 'restart') one.restart(id)
    if (place < 0) continue
    const picked = one.messages[place]
    if (what === 'deliver' && picked !== undefined) {
      one.messages.splice(place, 1)
      one.deliver(picked)
    }
    if (what === 'lose') one.messages.splice(place, 1)
    if (what === 'double' && picked !== undefined) one.deliver(picked)
  }
  return one
}

t.test(
  'whatever is lost, late or doubled, and whoever crashes: servers that all know each other found one cluster at most',
  async () => {
    fc.assert(
      fc.property(world, plan => {
        const one = run(plan, (ids, expect, carrier) => new World(ids, expect, carrier))
        return one.decisions.size <= 1
      }),
      { numRuns: 2000 },
    )
  },
)

t.test('even where each knows only some of the others, no promise counts twice', async () => {
  class Strangers extends World {
    override known(): number {
      return 1
    }
  }
  fc.assert(
    fc.property(world, plan => {
      const one = run(plan, (ids, expect, carrier) => new Strangers(ids, expect, carrier))
      const counted = [...one.decisions.values()].flatMap(granters => [...granters])
      return new Set(counted).size === counted.length
    }),
    { numRuns: 2000 },
  )
})

t.test('once everything runs and messages flow there is exactly one cluster, and everybody enters it', async () => {
  fc.assert(
    fc.property(world, plan => {
      const one = run(plan, (ids, expect, carrier) => new World(ids, expect, carrier))
      for (const id of one.ids) if (!one.servers.has(id)) one.restart(id)
      for (let round = 0; round < 20; round++) {
        for (const id of one.ids) one.tick(id, () => true)
        for (const message of one.messages.splice(0)) one.deliver(message)
        for (const message of one.messages.splice(0)) one.deliver(message)
      }
      return one.decisions.size === 1 && one.formed.size === one.ids.length && new Set(one.formed.values()).size === 1
    }),
    { numRuns: 1000 },
  )
})
