import fc from 'fast-check'
import t from 'tap'
import { difference } from '../../src/config/index.js'
import type {
  CheckDefinition,
  Declared,
  DeclaredChange,
  DeclaredCheck,
  DeclaredService,
  ServiceDefinition,
} from '../../src/config/index.js'

const check = (id: string, ttl: number): CheckDefinition => ({
  id,
  name: id,
  notes: '',
  serviceId: '',
  token: '',
  status: 'critical',
  kind: { type: 'ttl', ttl },
  successBeforePassing: 0,
  failuresBeforeWarning: 0,
  failuresBeforeCritical: 0,
  outputMaxSize: 4096,
  written: { TTL: `${ttl}ms` },
})
const service = (id: string, port: number): ServiceDefinition => ({
  id,
  name: id,
  kind: '',
  tags: ['a'],
  address: '',
  taggedAddresses: null,
  meta: {},
  port,
  socketPath: '',
  weights: { passing: 1, warning: 1 },
  enableTagOverride: false,
  token: '',
  checks: [check(`service:${id}`, port + 1)],
})
const declared = (
  services: Readonly<Record<string, number>>,
  checks: Readonly<Record<string, number>>,
  file = 'f',
): Declared => ({
  services: new Map(
    Object.entries(services).map(([id, port], line) => [
      id,
      { definition: service(id, port), origin: { file, line, column: 1 } },
    ]),
  ),
  checks: new Map(
    Object.entries(checks).map(([id, ttl], line) => [
      id,
      { definition: check(id, ttl), origin: { file, line, column: 1 } },
    ]),
  ),
  watches: [],
})

/** What applying changes one by one, in their order, makes of a state. */
function apply(
  before: Declared,
  changes: readonly DeclaredChange[],
): { services: Map<string, DeclaredService>; checks: Map<string, DeclaredCheck> } {
  const services = new Map(before.services)
  const checks = new Map(before.checks)
  for (const change of changes) {
    if (change.op === 'remove') (change.kind === 'service' ? services : checks).delete(change.id)
    else if (change.kind === 'service') services.set(change.id, change.declared)
    else checks.set(change.id, change.declared)
  }
  return { services, checks }
}

const ids = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.integer({ min: 1, max: 3 }))
const content = ({ services, checks }: Pick<Declared, 'services' | 'checks'>): unknown => ({
  services: Object.fromEntries(
    [...services].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, { definition }]) => [id, definition]),
  ),
  checks: Object.fromEntries(
    [...checks].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, { definition }]) => [id, definition]),
  ),
})

t.test('equal in, nothing out, wherever it stands', t => {
  fc.assert(
    fc.property(ids, ids, (services, checks) => {
      t.same(difference(declared(services, checks), declared(services, checks, 'elsewhere')), [])
    }),
  )
  t.end()
})

t.test('applying the difference gives the wanted state, with no needless change', t => {
  fc.assert(
    fc.property(ids, ids, ids, ids, (s1, c1, s2, c2) => {
      const before = declared(s1, c1)
      const after = declared(s2, c2)
      const changes = difference(before, after)
      t.same(content(apply(before, changes)), content(after))
      const differing = (a: Record<string, number>, b: Record<string, number>): number =>
        [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(id => a[id] !== b[id]).length
      t.equal(changes.length, differing(s1, s2) + differing(c1, c2))
      for (const change of changes) {
        const known = (change.kind === 'service' ? before.services : before.checks).has(change.id)
        t.equal(known, change.op !== 'add')
        t.equal(change.before !== undefined, change.op !== 'add')
      }
    }),
  )
  t.end()
})

t.test('each entry is told of once: as a change, or as unchanged', t => {
  fc.assert(
    fc.property(ids, ids, ids, ids, fc.boolean(), (s1, c1, s2, c2, shared) => {
      const before = declared(s1, c1)
      const after = shared ? before : declared(s2, c2)
      const told: string[] = []
      const changes = difference(before, after, {
        service: (_, id) => told.push(`service ${id}`),
        check: (_, id) => told.push(`check ${id}`),
      })
      for (const { op, kind, id } of changes) if (op !== 'remove') told.push(`${kind} ${id}`)
      const all = [...after.services.keys()].map(id => `service ${id}`)
      t.same(told.sort(), [...all, ...[...after.checks.keys()].map(id => `check ${id}`)].sort())
    }),
  )
  t.end()
})

t.test('checks go before their services and come after them', t => {
  const order = (before: Declared, after: Declared): string[] =>
    difference(before, after).map(({ kind, op }) => `${op} ${kind}`)
  t.same(order(declared({ a: 1 }, { x: 1 }), declared({}, {})), ['remove check', 'remove service'])
  t.same(order(declared({}, {}), declared({ a: 1 }, { x: 1 })), ['add service', 'add check'])
  t.end()
})
