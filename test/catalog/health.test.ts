import t from 'tap'
import { aggregatedStatus, instanceStatus, isAvailable, isPassing, worstStatus } from '../../src/catalog/index.js'
import type { Check, Instance } from '../../src/catalog/index.js'
import { revision } from '../../src/store/index.js'
import { checkData, nodeData, serviceData } from './samples.js'

const at = { created: revision(1), modified: revision(1) }
const check = (status: string, id = 'c'): Check => ({
  ...checkData({ id, status }),
  ...at,
  serviceName: '',
  serviceTags: [],
})
const instance = (checks: readonly Check[]): Instance => ({
  node: { ...nodeData({ node: 'n1' }), ...at },
  service: { ...serviceData({ id: 'web' }), ...at },
  checks,
})

const maintenance = (id: string): Check => check('critical', id)

for (const { name, checks, passing, available, worst, aggregated } of [
  { name: 'no checks', checks: [], passing: true, available: true, worst: 'passing', aggregated: 'passing' },
  {
    name: 'all passing',
    checks: [check('passing'), check('passing')],
    passing: true,
    available: true,
    worst: 'passing',
    aggregated: 'passing',
  },
  {
    name: 'a warning',
    checks: [check('warning'), check('passing')],
    passing: false,
    available: true,
    worst: 'warning',
    aggregated: 'warning',
  },
  {
    name: 'critical beats warning',
    checks: [check('critical'), check('warning')],
    passing: false,
    available: false,
    worst: 'critical',
    aggregated: 'critical',
  },
  {
    name: 'warning before critical',
    checks: [check('warning'), check('critical')],
    passing: false,
    available: false,
    worst: 'critical',
    aggregated: 'critical',
  },
  {
    name: 'a foreign word',
    checks: [check('odd'), check('passing')],
    passing: false,
    available: true,
    worst: 'passing',
    aggregated: '',
  },
  {
    name: 'node maintenance',
    checks: [maintenance('_node_maintenance'), check('passing')],
    passing: false,
    available: false,
    worst: 'critical',
    aggregated: 'maintenance',
  },
  {
    name: 'service maintenance',
    checks: [check('critical'), maintenance('_service_maintenance:web')],
    passing: false,
    available: false,
    worst: 'critical',
    aggregated: 'maintenance',
  },
] as const) {
  void t.test(name, async t => {
    t.equal(isPassing(instance(checks)), passing)
    t.equal(isAvailable(instance(checks)), available)
    t.equal(worstStatus(checks), worst)
    t.equal(aggregatedStatus(checks), aggregated)
    t.equal(instanceStatus(instance(checks)), aggregated)
  })
}
