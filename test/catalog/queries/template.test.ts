import fc from 'fast-check'
import t from 'tap'
import { compileTemplate } from '../../../src/catalog/queries/template.js'
import { queryData, serviceQuery } from './samples.js'

void t.test('every text of the service is filled, keys of maps stay', t => {
  const full = '${name.full}'
  const template = compileTemplate(
    queryData({
      name: 'geo-',
      template: {},
      service: {
        service: full,
        near: full,
        tags: [full, '!x'],
        ignoreCheckIds: [full],
        nodeMeta: { '${name.full}': full },
        serviceMeta: { v: full },
        failover: { nearestN: 1, datacenters: [full] },
      },
    }),
  )
  t.same(
    template.fill('geo-db'),
    serviceQuery({
      service: 'geo-db',
      near: 'geo-db',
      tags: ['geo-db', '!x'],
      ignoreCheckIds: ['geo-db'],
      nodeMeta: { '${name.full}': 'geo-db' },
      serviceMeta: { v: 'geo-db' },
      failover: { nearestN: 1, datacenters: ['geo-db'] },
    }),
  )
  t.end()
})

void t.test('prefix and suffix, whatever the case of the name', t => {
  const template = compileTemplate(
    queryData({ name: 'geo-', template: {}, service: { service: '${name.suffix}', tags: ['${name.prefix}'] } }),
  )
  t.match(template.fill('GEO-Db'), { service: 'Db', tags: ['geo-'] })
  t.match(template.fill('geo-'), { service: '' })
  t.end()
})

void t.test('groups of an expression; without a match they are empty', t => {
  const template = compileTemplate(
    queryData({
      template: { regexp: '^tag-(.*?)-svc-([^-]+)$' },
      service: { service: '${match(2)}', tags: ['${match(1)}'] },
    }),
  )
  t.match(template.fill('tag-eu-svc-cache'), { service: 'cache', tags: ['eu'] })
  t.match(template.fill('something else'), { service: '', tags: [''] })
  t.end()
})

void t.test('empty tags can be left out', t => {
  const parts = { name: 'a', template: { regexp: '^a(.*)$', removeEmptyTags: true } }
  t.same(compileTemplate(queryData({ ...parts, service: { tags: ['${match(1)}', 'eu', ''] } })).fill('a').tags, ['eu'])
  t.same(compileTemplate(queryData({ ...parts, service: {} })).fill('a').tags, [])
  t.end()
})

void t.test('invalid templates, with the reason', t => {
  const cases: [Parameters<typeof queryData>[0], RegExp][] = [
    [{ template: { type: 'odd' } }, /^Bad Template\.Type 'odd'$/],
    [{ template: { regexp: '(' } }, /^Bad Regexp: error parsing regexp: missing closing \)/],
    [{ template: { regexp: 'a'.repeat(5000) } }, /^Bad Regexp: it is 5000 characters long, 4096 are allowed/],
    [
      { template: {}, service: { service: '${name.full' } },
      /^Bad format '\$\{name\.full' in Service\.Service: character 12: expected "}"/,
    ],
    [
      { template: {}, service: { tags: ['a', '${x}'] } },
      /in Service\.Tags\[1\]: character 3: unknown variable accessed: x/,
    ],
    [{ template: {}, service: { nodeMeta: { rack: '${' } } }, /in Service\.NodeMeta\[rack\]: /],
    [
      { template: {}, service: { failover: { nearestN: 0, datacenters: ['${'] } } },
      /in Service\.Failover\.Datacenters\[0\]: /,
    ],
    [
      { template: {}, service: { service: '${name.full}'.repeat(501) } },
      /^501 \$\{\.\.\.} are too many, 500 are allowed/,
    ],
  ]
  for (const [given, message] of cases)
    t.throws(() => compileTemplate(queryData(given)), { code: 'QUERY_TEMPLATE', message }, String(message))
  t.end()
})

void t.test('a hostile expression ends as any other', t => {
  const template = compileTemplate(
    queryData({ template: { regexp: '^(([a-z])+.)+[A-Z]([a-z])+$' }, service: { service: 'x${match(1)}' } }),
  )
  t.equal(template.fill('a'.repeat(1000)).service, 'x')
  t.end()
})

void t.test('prefix and suffix of a name that begins so are the name', t => {
  const word = fc.string({ unit: fc.constantFrom('a', 'B', '-', '.', 'é', '\u{1f600}'), maxLength: 8 })
  fc.assert(
    fc.property(word, word, (prefix, suffix) => {
      const filled = compileTemplate(
        queryData({
          name: prefix,
          template: {},
          service: { service: '${name.prefix}${name.suffix}', near: '${name.suffix}' },
        }),
      ).fill(prefix + suffix)
      return filled.service === prefix + suffix && filled.near === suffix
    }),
  )
  t.pass('in a hundred names')
  t.end()
})
