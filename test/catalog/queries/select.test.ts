import t from 'tap'
import { register } from '../../../src/catalog/index.js'
import type { Catalog, ServiceQuery } from '../../../src/catalog/index.js'
import { select } from '../../../src/catalog/queries/select.js'
import { openCatalog } from '../samples.js'
import { serviceQuery } from './samples.js'

async function fill(catalog: Catalog): Promise<void> {
  const instance = (node: string, meta: Record<string, string> | null, service: object, checks: object[]) =>
    catalog.execute(
      register({
        node,
        address: '192.0.2.1',
        meta,
        service: { id: `w-${node}`, name: 'web', ...service },
        checks: checks.map(check => ({ name: 'c', status: 'passing', serviceId: `w-${node}`, ...check })),
      }),
    )
  await instance('a', { rack: 'r1', zone: 'z' }, { tags: ['v1'], meta: { tier: 'gold' } }, [{ id: 'c1' }])
  await instance('b', { rack: 'r2' }, { tags: ['V1', 'Canary'] }, [{ id: 'c2', status: 'warning' }])
  await instance('c', null, { tags: ['v2'] }, [{ id: 'c3', status: 'critical' }])
  await instance('d', null, {}, [])
  await instance('e', null, {}, [{ id: 'disk', status: 'critical', serviceId: '' }, { id: 'c5' }])
}

void t.test('what each part of a query keeps', async t => {
  const { catalog } = await openCatalog(t)
  await fill(catalog)
  const cases: [string, Partial<ServiceQuery>, string][] = [
    ['nothing asked: all but critical ones', {}, 'abd'],
    ['only passing', { onlyPassing: true }, 'ad'],
    ['a check that does not count', { ignoreCheckIds: ['c3'] }, 'abcd'],
    ['a node check that does not count', { ignoreCheckIds: ['disk'] }, 'abde'],
    ['a warning that does not count', { onlyPassing: true, ignoreCheckIds: ['c2'] }, 'abd'],
    ['ids of checks are not alike', { ignoreCheckIds: ['C3'] }, 'abd'],
    ['a tag, in any case', { tags: ['v1'] }, 'ab'],
    ['all of several tags', { tags: ['v1', 'CANARY'] }, 'b'],
    ['none of a tag', { tags: ['!canary'] }, 'ad'],
    ['both', { tags: ['v1', '!canary'] }, 'a'],
    ['lists of nothing ask for nothing', { tags: [], ignoreCheckIds: [], nodeMeta: {}, serviceMeta: {} }, 'abd'],
    ['node metadata', { nodeMeta: { rack: 'r2' } }, 'b'],
    ['all of the node metadata', { nodeMeta: { rack: 'r1', zone: 'other' } }, ''],
    ['what every object has is no metadata', { nodeMeta: { constructor: 'x' } }, ''],
    ['service metadata', { serviceMeta: { tier: 'gold' } }, 'a'],
    ['the service mesh', { connect: true }, ''],
  ]
  for (const [what, asked, kept] of cases) {
    t.equal(
      select(catalog.health.instances('web'), serviceQuery(asked))
        .map(({ node }) => node.node)
        .join(''),
      kept,
      what,
    )
  }
})
