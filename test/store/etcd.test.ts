import t from 'tap'
import { openEtcdStore } from '../../src/store/index.js'
import { startEtcd } from '../support/etcd.js'
import { storeSuite } from './suite.js'

let opened = 0
let endpoint = ''

void t.test('an etcd to share', async () => {
  // Not of this subtest, whose end would stop it.
  endpoint = (await startEtcd(t, { args: ['--max-txn-ops=10000', '--max-request-bytes=10485760'] })).socket
})
storeSuite(
  'etcd',
  () => Promise.resolve(openEtcdStore({ connection: { endpoints: [endpoint] }, prefix: `muster/${opened++}/` })),
  {},
  { sharesRevisions: true, stories: 25 },
)
