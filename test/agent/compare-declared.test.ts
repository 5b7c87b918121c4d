import t from 'tap'
import { compareDeclared } from '../../src/agent/compare-declared.js'
import { LocalState } from '../../src/agent/local-state.js'
import type { CheckDefinition, Declared, Origin, ServiceDefinition } from '../../src/config/index.js'
import { check, service } from './definitions.js'

const at = (line: number, file = 'f'): Origin => ({ file, line, column: 1 })

/** Entries with the places that they stand at. */
const declared = (
  services: readonly (readonly [ServiceDefinition, Origin])[],
  checks: readonly (readonly [CheckDefinition, Origin])[] = [],
): Declared => ({
  services: new Map(services.map(([definition, origin]) => [definition.id, { definition, origin }])),
  checks: new Map(checks.map(([definition, origin]) => [definition.id, { definition, origin }])),
  watches: [],
})

/** A local state in which all of it runs. */
function running({ services, checks }: Declared): LocalState {
  const local = new LocalState({ discardOutput: false, now: () => 0 })
  for (const { definition, origin } of services.values())
    local.putService(definition, { by: 'file', at: origin }, { replaceChecks: 'own' })
  for (const { definition, origin } of checks.values()) local.putCheck(definition, { by: 'file', at: origin })
  return local
}

/** What a comparison comes to, in short. */
const compared = (...of: Parameters<typeof compareDeclared>): unknown => {
  const { changes, missing, moved } = compareDeclared(...of)
  return {
    changes: changes.map(({ op, id }) => `${op} ${id}`),
    missing: missing.map(({ op, id }) => `${op} ${id}`),
    moved: moved.map(({ id, at: { line } }) => `${id} ${line}`),
  }
}

const all = () => true
const web = service('web', { checks: [check('web:1')] })
const ofWeb = check('extra', { serviceId: 'web' })
const places = [at(1), at(2)] as const
const before = declared([[web, places[0]]], [[ofWeb, places[1]]])

t.test('what runs as declared needs nothing', t => {
  t.same(compared(before, before, running(before), all), { changes: [], missing: [], moved: [] })
  t.end()
})

t.test('a changed entry counts as changed only, also one that a client replaced', t => {
  const local = running(before)
  local.putService(web, { by: 'api' }, { replaceChecks: 'none' })
  const after = declared([[service('web', { port: 1 }), at(5)]], [[ofWeb, places[1]]])
  t.same(compared(before, after, local, all), { changes: ['change web'], missing: [], moved: [] })
  t.end()
})

t.test('what a client removed or replaced is missing, where its file was read', t => {
  const replaced = running(before)
  replaced.putCheck(ofWeb, { by: 'api' })
  t.same(compared(before, before, replaced, all), { changes: [], missing: ['add extra'], moved: [] })
  const withoutCheck = running(before)
  withoutCheck.removeCheck('web:1')
  t.same(compared(before, before, withoutCheck, all), { changes: [], missing: ['add web'], moved: [] })
  const without = running(before)
  without.removeService('web')
  t.same(compared(before, before, without, all), { changes: [], missing: ['add web', 'add extra'], moved: [] })
  t.same(
    compared(before, before, without, () => false),
    { changes: [], missing: [], moved: [] },
  )
  t.end()
})

t.test(
  'a check whose service goes with the changes is not missing; one of a service that a client registered is',
  t => {
    const local = running(before)
    local.removeCheck('extra')
    const after = declared([], [[ofWeb, places[1]]])
    t.same(compared(before, after, local, all), { changes: ['remove web'], missing: [], moved: [] })
    local.putService(web, { by: 'api' }, { replaceChecks: 'none' })
    t.same(compared(after, after, local, all), { changes: [], missing: ['add extra'], moved: [] })
    t.end()
  },
)

t.test("a service's check that goes with another service is missing", t => {
  const db = service('db')
  const both = declared([
    [web, places[0]],
    [db, places[1]],
  ])
  const local = running(both)
  local.putCheck(check('web:1', { serviceId: 'db' }), { by: 'api' })
  t.same(compared(both, declared([[web, places[0]]]), local, all), {
    changes: ['remove db'],
    missing: ['add web'],
    moved: [],
  })
  t.end()
})

t.test('unchanged entries that stand elsewhere have moved', t => {
  const after = declared([[web, at(3)]], [[ofWeb, at(4)]])
  t.same(compared(before, after, running(before), all), { changes: [], missing: [], moved: ['web 3', 'extra 4'] })
  t.end()
})
