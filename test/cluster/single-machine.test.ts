import t from 'tap'
import { Catalog, register } from '../../src/catalog/index.js'
import { SingleMachine } from '../../src/cluster/index.js'
import { systemClock } from '../../src/common/clock.js'
import { openMemoryStore } from '../../src/store/index.js'
import { RecordingLog } from '../support/recording-log.js'

const first = '11111111-1111-4111-8111-111111111111'
const second = '22222222-2222-4222-8222-222222222222'
const external = '33333333-3333-4333-8333-333333333333'

void t.test('a server whose node id was lost starts again, and its former self does not stay alive for ever', async t => {
  const catalog = await Catalog.open({ store: openMemoryStore(), clock: systemClock })
  t.teardown(() => { catalog.close() })
  const start = (name: string, id: string): Promise<void> => new SingleMachine({
    name, id, datacenter: 'dc1', address: '127.0.0.1', wanAddress: '127.0.0.1', ports: { server: 8300, serfLan: 8301, serfWan: 8302 },
  }, catalog, new RecordingLog()).start()
  const nodes = () => [...catalog.nodes()].map(({ node, id }) => `${node} ${id}`).sort()

  await start('n1', first)
  await catalog.execute(register({ node: 'router', address: '192.0.2.1', id: external, checks: [{ name: 'serfHealth', status: 'passing' }] }))
  await start('n1', second)
  t.same(nodes(), [`n1 ${second}`, `router ${external}`], 'the same name')
  await start('n2', first)
  t.same(nodes(), [`n2 ${first}`, `router ${external}`], 'another name')
  await start('n3', first)
  t.same(nodes(), [`n3 ${first}`, `router ${external}`], 'a rename')
  t.equal(catalog.check('n3', 'serfHealth')?.status, 'passing')
})
