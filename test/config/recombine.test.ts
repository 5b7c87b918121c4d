import t from 'tap'
import fc from 'fast-check'
import { combine } from '../../src/config/combine/combine.js'
import type { Rules } from '../../src/config/combine/combine.js'
import { readContent } from '../../src/config/read/content.js'
import { contributionOf } from '../../src/config/combine/contribution.js'
import type { Contribution } from '../../src/config/combine/contribution.js'
import { entriesOf } from '../../src/config/complete/entries.js'
import { recombine } from '../../src/config/combine/recombine.js'
import type { Combination } from '../../src/config/combine/recombine.js'
import { ReplacedMap } from '../../src/config/combine/replaced-map.js'

const rules: Rules = { scriptsAllowed: true, known: () => new Set(['elsewhere']), owner: () => undefined }

const read = (file: string, value: unknown): Contribution => {
  const content = readContent(file, JSON.stringify(value), 'json')
  return contributionOf(file, content, entriesOf(content, { checkOutputMaxSize: 4096 }))
}

const web = (port: number, extra: object = {}): unknown => ({
  service: { name: 'web', port, check: { ttl: '1m' }, ...extra },
})
const db = { service: { name: 'db', port: 5432 } }

const before = (...values: readonly unknown[]): Combination => {
  const contributions = values.map((value, i) => read(`${i}.json`, value))
  return { ...combine(contributions, rules), contributions, scriptsAllowed: rules.scriptsAllowed }
}

t.test('one changed file gives what combining anew gives, and leaves the outcome before as it is', async t => {
  const first = before(web(80), db)
  const contributions = [read('0.json', web(81)), ...first.contributions.slice(1)]
  const made = recombine(first, contributions, true)
  const anew = combine(contributions, rules)
  t.same([...(made?.declared.services ?? [])], [...anew.declared.services])
  t.equal(made?.checkFile('service:web'), '0.json')
  t.equal(
    made?.declared.services.get('db'),
    first.declared.services.get('db'),
    'what did not change is the same object',
  )
  t.equal(first.declared.services.get('web')?.definition.port, 80)
})

t.test('what may change more than values is combined anew', async t => {
  const changes: Readonly<Record<string, readonly [readonly unknown[], readonly unknown[]]>> = {
    'another id': [
      [web(80), db],
      [web(80, { id: 'web2' }), db],
    ],
    'another service': [
      [web(80), db],
      [{ services: [{ name: 'web' }, { name: 'api' }] }, db],
    ],
    'a check less': [
      [web(80), db],
      [{ service: { name: 'web' } }, db],
    ],
    'another check id': [
      [web(80), db],
      [web(80, { check: { id: 'alive', ttl: '1m' } }), db],
    ],
    'a script': [
      [web(80), db],
      [web(80, { check: { args: ['true'], interval: '5s' } }), db],
    ],
    'a check of its own': [
      [web(80), { check: { id: 'c', ttl: '1m' } }],
      [web(80), { check: { id: 'c', ttl: '2m' } }],
    ],
    'a check of a service without a file': [
      [web(80), { check: { id: 'c', service_id: 'elsewhere', ttl: '1m' } }],
      [web(81), { check: { id: 'c', service_id: 'elsewhere', ttl: '1m' } }],
    ],
    'a file more': [[web(80)], [web(80), db]],
    'a fault before': [
      [web(80), web(80)],
      [web(80), web(81)],
    ],
  }
  for (const [what, [old, now]] of Object.entries(changes)) {
    t.equal(
      recombine(
        before(...old),
        now.map((value, i) => read(`${i}.json`, value)),
        true,
      ),
      undefined,
      what,
    )
  }
  const first = before(web(80))
  t.equal(recombine(first, first.contributions, false), undefined, 'scripts are not allowed any more')
})

t.test('a map with replacements is the map that it stands for', async t => {
  const keys = ['a', 'b', 'c', 'd']
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...keys), fc.integer()), { maxLength: 300 }), changes => {
      const wanted = new Map(keys.map(key => [key, 0]))
      let made: ReadonlyMap<string, number> = new Map(wanted)
      for (const [key, value] of changes) {
        wanted.set(key, value)
        made = ReplacedMap.of(made, new Map([[key, value]]))
      }
      const each: [string, number][] = []
      made.forEach((value, key) => {
        each.push([key, value])
      })
      return (
        JSON.stringify([
          [...made],
          [...made.keys()],
          [...made.values()],
          made.size,
          each,
          made.has('a'),
          made.has('x'),
          made.get('b'),
        ])
        === JSON.stringify([
          [...wanted],
          [...wanted.keys()],
          [...wanted.values()],
          wanted.size,
          [...wanted],
          true,
          false,
          wanted.get('b'),
        ])
      )
    }),
  )
  t.pass()
})
