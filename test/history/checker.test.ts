import fc from 'fast-check'
import t from 'tap'
import { seeded } from '../support/seeded.js'
import { explainable, PlainKey } from './brute-force.js'
import { check, type Operation } from './checker.js'
import type { Input, Output } from './register.js'
import { staleFaults } from './stale-reads.js'

const yes: Output = { done: true }
const no: Output = { done: false }
const saw = (value: string, index: number, session?: string): Output => ({
  read: { value, index, ...(session === undefined ? {} : { session }) },
})
const nothing: Output = { read: undefined }
const get: Input = { kind: 'get' }
const put = (value: string): Input => ({ kind: 'put', value })
const cas = (index: number, value: string): Input => ({ kind: 'cas', index, value })
const acquire = (session: string, value: string): Input => ({ kind: 'acquire', session, value })
const release = (session: string, value: string): Input => ({ kind: 'release', session, value })
/** From `called` to `returned`; without an output its outcome is unknown. */
const at = (called: number, returned: number, input: Input, output?: Output): Operation => ({
  client: 'c',
  key: 'k',
  called,
  input,
  ...(output === undefined ? {} : { returned, output }),
})

const known: readonly { readonly what: string; readonly history: readonly Operation[]; readonly valid: boolean }[] = [
  { what: 'nothing at all', history: [], valid: true },
  { what: 'a write, then a read of it', history: [at(0, 1, put('a'), yes), at(2, 3, get, saw('a', 5))], valid: true },
  {
    what: 'a read that misses an acknowledged write',
    history: [at(0, 1, put('a'), yes), at(2, 3, get, nothing)],
    valid: false,
  },
  {
    what: 'a read during the write may miss it',
    history: [at(0, 3, put('a'), yes), at(1, 2, get, nothing)],
    valid: true,
  },
  {
    what: 'a read of the old version after one of the new, both during the write',
    history: [at(0, 1, put('a'), yes), at(2, 9, put('b'), yes), at(3, 4, get, saw('b', 6)), at(5, 6, get, saw('a', 5))],
    valid: false,
  },
  {
    what: 'the same the right way round',
    history: [at(0, 1, put('a'), yes), at(2, 9, put('b'), yes), at(3, 4, get, saw('a', 5)), at(5, 6, get, saw('b', 6))],
    valid: true,
  },
  {
    what: 'an unknown write that is seen late',
    history: [at(0, 1, put('a'), yes), at(2, 3, put('b')), at(4, 5, get, saw('a', 5)), at(6, 7, get, saw('b', 6))],
    valid: true,
  },
  {
    what: 'an unknown write that is seen and undone',
    history: [at(0, 1, put('a'), yes), at(2, 3, put('b')), at(4, 5, get, saw('b', 6)), at(6, 7, get, saw('a', 5))],
    valid: false,
  },
  {
    what: 'an unknown write that never happened',
    history: [at(0, 1, put('a'), yes), at(2, 3, put('b')), at(4, 5, get, saw('a', 5))],
    valid: true,
  },
  { what: 'a value that nobody wrote', history: [at(0, 1, get, saw('x', 5))], valid: false },
  {
    what: 'a version with two indexes',
    history: [at(0, 1, put('a'), yes), at(2, 3, get, saw('a', 5)), at(4, 5, get, saw('a', 6))],
    valid: false,
  },
  {
    what: 'one index for two versions',
    history: [at(0, 1, put('a'), yes), at(2, 3, get, saw('a', 5)), at(4, 5, put('b'), yes), at(6, 7, get, saw('b', 5))],
    valid: false,
  },
  {
    what: 'an index that goes back',
    history: [at(0, 1, put('a'), yes), at(2, 3, get, saw('a', 5)), at(4, 5, put('b'), yes), at(6, 7, get, saw('b', 4))],
    valid: false,
  },
  {
    what: 'one of two cas on the same version',
    history: [
      at(0, 1, put('a'), yes),
      at(2, 3, get, saw('a', 5)),
      at(4, 9, cas(5, 'b'), yes),
      at(4, 9, cas(5, 'c'), no),
      at(10, 11, get, saw('b', 6)),
    ],
    valid: true,
  },
  {
    what: 'both of two cas on the same version',
    history: [
      at(0, 1, put('a'), yes),
      at(2, 3, get, saw('a', 5)),
      at(4, 9, cas(5, 'b'), yes),
      at(4, 9, cas(5, 'c'), yes),
    ],
    valid: false,
  },
  { what: 'cas 0 creates once', history: [at(0, 1, cas(0, 'a'), yes), at(2, 3, cas(0, 'b'), no)], valid: true },
  { what: 'cas 0 over an existing key', history: [at(0, 1, put('a'), yes), at(2, 3, cas(0, 'b'), yes)], valid: false },
  {
    what: 'a refused cas that nothing refuses',
    history: [at(0, 1, put('a'), yes), at(2, 3, get, saw('a', 5)), at(4, 5, cas(5, 'b'), no)],
    valid: false,
  },
  {
    what: 'a refused cas explained by an unknown write',
    history: [at(0, 1, put('a'), yes), at(2, 3, get, saw('a', 5)), at(4, 5, put('z')), at(6, 7, cas(5, 'b'), no)],
    valid: true,
  },
  {
    what: 'a delete that is seen',
    history: [at(0, 1, put('a'), yes), at(2, 3, { kind: 'delete' }, yes), at(4, 5, get, nothing)],
    valid: true,
  },
  {
    what: 'a delete that is undone',
    history: [at(0, 1, put('a'), yes), at(2, 3, { kind: 'delete' }, yes), at(4, 5, get, saw('a', 5))],
    valid: false,
  },
  {
    what: 'a delete by index of another version',
    history: [at(0, 1, put('a'), yes), at(2, 3, get, saw('a', 5)), at(4, 5, { kind: 'delete-cas', index: 4 }, yes)],
    valid: false,
  },
  { what: 'a delete by index of no key', history: [at(0, 1, { kind: 'delete-cas', index: 4 }, yes)], valid: true },
  {
    what: 'two holders of a lock',
    history: [at(0, 1, acquire('s', 'a'), yes), at(2, 3, acquire('r', 'b'), yes)],
    valid: false,
  },
  {
    what: 'a lock that goes from hand to hand',
    history: [
      at(0, 1, acquire('s', 'a'), yes),
      at(2, 3, acquire('r', 'b'), no),
      at(4, 5, get, saw('a', 5, 's')),
      at(6, 7, release('s', 'c'), yes),
      at(8, 9, acquire('r', 'd'), yes),
      at(10, 11, get, saw('d', 8, 'r')),
    ],
    valid: true,
  },
  {
    what: 'a release by another',
    history: [at(0, 1, acquire('s', 'a'), yes), at(2, 3, release('r', 'b'), yes)],
    valid: false,
  },
  {
    what: 'a lock that is lost to a plain write',
    history: [at(0, 1, acquire('s', 'a'), yes), at(2, 3, put('b'), yes), at(4, 5, get, saw('b', 5))],
    valid: false,
  },
  {
    what: 'a deleted lock is free',
    history: [at(0, 1, acquire('s', 'a'), yes), at(2, 3, { kind: 'delete' }, yes), at(4, 5, acquire('r', 'b'), yes)],
    valid: true,
  },
]

t.test('known histories', async t => {
  for (const { what, history, valid } of known) {
    const found = check(history)
    t.equal(found.verdict, valid ? 'linearizable' : 'not-linearizable', `${what}: ${JSON.stringify(found)}`)
  }
  const one = known.find(entry => !entry.valid)?.history ?? []
  t.equal(
    check([...one.map(operation => ({ ...operation, key: 'other' })), at(0, 1, put('fine'), yes)]).verdict,
    'not-linearizable',
    'one bad key among good ones',
  )
})

t.test('agrees with trying every order, on small histories, true and bent ones', async t => {
  let valid = 0
  let invalid = 0
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 2 }), (seed, length, bends) => {
      const random = seeded(seed)
      let history = record({ random, length, clients: 3 })
      for (let i = 0; i < bends; i++) history = bend(history, random)
      const indexes = new Map(
        history.flatMap(({ output }) =>
          output !== undefined && 'read' in output && output.read !== undefined
            ? [[output.read.value, output.read.index] as const]
            : [],
        ),
      )
      const found = check(history)
      // A version that is shown with two indexes is refused before any order is tried.
      if (found.verdict === 'not-linearizable' && !found.why.startsWith('after')) return
      const explained = explainable(history, indexes)
      if (explained) valid++
      else invalid++
      if ((found.verdict === 'linearizable') !== explained)
        throw new Error(
          `${JSON.stringify(found)}, but every order tried says ${explained}:\n${history.map(operation => JSON.stringify(operation)).join('\n')}`,
        )
    }),
    { numRuns: 1500 },
  )
  t.ok(valid > 100 && invalid > 100, `${valid} had an order, ${invalid} had none`)
})

t.test('long true histories pass, and each with one lie in it is found out', async t => {
  for (let seed = 1; seed <= 15; seed++) {
    const random = seeded(seed)
    const history = record({ random, length: 600, clients: 8 })
    const found = check(history)
    t.equal(found.verdict, 'linearizable', `seed ${seed}: ${JSON.stringify(found).slice(0, 500)}`)
    for (const [what, lie] of Object.entries(lies(history, random))) {
      t.equal(check(lie).verdict, 'not-linearizable', `seed ${seed}: ${what}`)
    }
  }
})

t.test('reads that may be old', async t => {
  const read = (called: number, index: number, value: string | undefined, server = 's1') => ({
    client: 'c',
    server,
    key: 'k',
    called,
    returned: called + 1,
    index,
    output: value === undefined ? nothing : saw(value, index),
  })
  const written = new Set(['a', 'b'])
  t.same(staleFaults([read(0, 1, undefined), read(2, 5, 'a'), read(4, 5, 'a'), read(6, 7, 'b')], written), [])
  t.equal(staleFaults([read(0, 5, 'a'), read(2, 4, 'a')], written).length, 1, 'back in time')
  t.same(staleFaults([read(0, 5, 'a'), read(2, 4, 'a', 's2')], written), [], 'another server may be behind')
  t.same(staleFaults([read(0, 5, 'a'), read(0.5, 4, 'a')], written), [], 'asked at the same time')
  t.equal(staleFaults([read(0, 5, 'x')], written).length, 1, 'from nowhere')
})

/**
 * What clients of a key that tells the truth would have recorded: each operation happens at one moment between its call
 * and its answer.
 */
function record({
  random,
  length,
  clients,
}: {
  readonly random: () => number
  readonly length: number
  readonly clients: number
}): Operation[] {
  const planned: { client: string; called: number; happens: number; returned: number; unknown: boolean }[] = []
  const free = Array.from({ length: clients }, () => random() * 5)
  for (let i = 0; i < length; i++) {
    const client = free.indexOf(Math.min(...free))
    const called = (free[client] ?? 0) + random()
    const unknown = random() < (length > 10 ? 0.02 : 0.15)
    const happens = called + random() * 5 + (unknown ? random() * 20 : 0)
    const returned = unknown ? called + 5 : happens + random() * 5
    free[client] = returned
    planned.push({ client: `c${client}`, called, happens, returned, unknown })
  }
  const key = new PlainKey()
  const shown: number[] = []
  let index = 10
  return planned
    .sort((a, b) => a.happens - b.happens)
    .map(({ client, called, returned, unknown }, i) => {
      const input = choose(random, `v${i}`, shown)
      index += 1 + Math.floor(random() * 3)
      const output = unknown && random() < 0.5 ? undefined : key.apply(input, index)
      if (unknown || output === undefined) return { client, key: 'k', called, input }
      if ('read' in output && output.read !== undefined) shown.push(output.read.index)
      return { client, key: 'k', called, returned, input, output }
    })
}

function choose(random: () => number, value: string, shown: readonly number[]): Input {
  const index = random() < 0.2 ? 0 : (shown[Math.max(0, shown.length - 1 - Math.floor(random() * 2))] ?? 0)
  const session = random() < 0.5 ? 's' : 'r'
  const dice = random()
  if (dice < 0.4) return get
  if (dice < 0.55) return put(value)
  if (dice < 0.75) return cas(index, value)
  if (dice < 0.8) return { kind: 'delete' }
  if (dice < 0.85) return { kind: 'delete-cas', index: Math.max(1, index) }
  return dice < 0.93 ? acquire(session, value) : release(session, value)
}

/** The history with one answer, or one moment, changed at random: it may still be true. */
function bend(history: readonly Operation[], random: () => number): Operation[] {
  const at = Math.floor(random() * history.length)
  const reads = history.flatMap(({ output }) => (output !== undefined && 'read' in output ? [output] : []))
  return history.map((operation, i): Operation => {
    const { output, returned } = operation
    if (i !== at || output === undefined || returned === undefined) return operation
    if (random() < 0.3) return { ...operation, called: operation.called - 8, returned: operation.called - 7 }
    return 'done' in output
      ? { ...operation, output: { done: !output.done } }
      : { ...operation, output: reads[Math.floor(random() * reads.length)] ?? nothing }
  })
}

/** Changes after which no history is true any more. */
function lies(history: readonly Operation[], random: () => number): Record<string, readonly Operation[]> {
  const seen = new Set(
    history.flatMap(({ output }) =>
      output !== undefined && 'read' in output && output.read !== undefined ? [output.read.value] : [],
    ),
  )
  const pick = <T>(list: readonly T[]): T => {
    const chosen = list[Math.floor(random() * list.length)]
    if (chosen === undefined) throw new Error('the history is too short to lie about')
    return chosen
  }
  const seenWrite = pick(
    history.filter(({ input, output }) => output !== undefined && 'value' in input && seen.has(input.value)),
  )
  const plain = pick(history.filter(({ input, output }) => input.kind === 'put' && output !== undefined))
  const reads = history.filter(({ output }) => output !== undefined && 'read' in output && output.read !== undefined)
  const early = pick(reads.slice(0, reads.length / 4))
  const end = Math.max(...history.map(operation => operation.returned ?? operation.called)) + 1
  return {
    'a write that was seen never took place': history.filter(operation => operation !== seenWrite),
    'a plain write is refused': history.map(operation =>
      operation === plain ? { ...operation, output: no } : operation,
    ),
    'a version is seen before it was written': history.map(operation =>
      operation === seenWrite ? { ...operation, called: end, returned: end + 1 } : operation,
    ),
    'an early version is seen at the end': [
      ...history,
      { client: 'c', key: 'k', called: end, returned: end + 1, input: put('last'), output: yes },
      { ...early, called: end + 2, returned: end + 3 },
    ],
  }
}
