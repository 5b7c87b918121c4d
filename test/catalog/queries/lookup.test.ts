import fc from 'fast-check'
import t from 'tap'
import { createQuery, deleteQuery, lookUp, updateQuery } from '../../../src/catalog/index.js'
import { openCatalog } from '../samples.js'
import { queryData, queryId } from './samples.js'

const plain = (number: number, name: string) => queryData({ id: queryId(number), name })
const template = (number: number, name: string) =>
  queryData({ id: queryId(number), name, template: {}, service: { service: '${name.full}' } })

void t.test('by id, then by exact name, then by the longest beginning', async t => {
  const { catalog } = await openCatalog(t)
  for (const query of [
    plain(1, 'Web'),
    template(2, ''),
    template(3, 'geo'),
    template(4, 'geo-db'),
    plain(5, 'geo-db-x'),
  ])
    await catalog.execute(createQuery(query))
  const found = (name: string): unknown => {
    const query = lookUp(catalog, name)
    return query && [query.id.slice(7, 8), query.service.service]
  }
  t.same(found(queryId(1)), ['1', 'web'])
  t.same(found(queryId(1).toUpperCase()), ['1', 'web'])
  t.same(found('wEB'), ['1', 'web'], 'in any case')
  t.same(found('geo-db-x'), ['5', 'web'], 'a name before a beginning')
  t.same(found('GEO-DB-y'), ['4', 'GEO-DB-y'])
  t.same(found('geo-d'), ['3', 'geo-d'])
  t.same(found('geo'), ['3', 'geo'], 'the whole name is a beginning too')
  t.same(found('other'), ['2', 'other'])
  t.same(found(queryId(9)), ['2', queryId(9)], 'what only looks like an id is a name')
  t.equal(found(''), undefined)
  t.equal(found('g'.repeat(1025)), undefined)
  t.throws(() => lookUp(catalog, queryId(3)), {
    code: 'QUERY_IS_TEMPLATE',
    message: 'prepared query templates can only be resolved up by name, not by ID',
  })
})

void t.test('lookups equal a linear search, through any changes', async t => {
  const { catalog } = await openCatalog(t)
  const model = new Map<number, { name: string; isTemplate: boolean }>()
  const name = fc.string({ unit: fc.constantFrom('a', 'B', '-'), maxLength: 4 })
  const step = fc.record({ number: fc.nat(6), name, isTemplate: fc.boolean(), gone: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 12 }),
      fc.array(name, { minLength: 5, maxLength: 5 }),
      async (steps, asked) => {
        for (const { number, name, isTemplate, gone } of steps) {
          const data = isTemplate ? template(number, name) : plain(number, name)
          const taken = [...model].some(
            ([other, one]) => other !== number && one.name.toLowerCase() === name.toLowerCase(),
          )
          const refused = gone ? !model.has(number) : (name === '' && !isTemplate) || taken
          const run = gone
            ? catalog.execute(deleteQuery(data.id))
            : model.has(number)
              ? catalog.execute(updateQuery(data))
              : catalog.execute(createQuery(data))
          const done = await run.then(
            () => true,
            () => false,
          )
          if (done === refused)
            throw new Error(`${done ? 'done' : 'refused'}: ${JSON.stringify({ number, name, isTemplate, gone })}`)
          if (!done) continue
          if (gone) model.delete(number)
          else model.set(number, { name, isTemplate })
        }
        for (const one of asked) {
          const wanted = search(model, one)
          const id = lookUp(catalog, one)?.id
          if (id !== (wanted === undefined ? undefined : queryId(wanted)))
            throw new Error(`${JSON.stringify(one)}: ${id}, not ${wanted}`)
        }
      },
    ),
    { numRuns: 200 },
  )
  t.pass('in two hundred rounds')
})

function search(model: ReadonlyMap<number, { name: string; isTemplate: boolean }>, asked: string): number | undefined {
  if (asked === '') return undefined
  const lower = asked.toLowerCase()
  const fitting = [...model]
    .filter(
      ([, { name, isTemplate }]) =>
        name.toLowerCase() === lower || (isTemplate && lower.startsWith(name.toLowerCase())),
    )
    .sort(([, a], [, b]) => b.name.length - a.name.length)
  return fitting[0]?.[0]
}
