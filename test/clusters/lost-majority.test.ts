import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { startCluster } from '../support/cluster.js'
import { until } from '../support/until.js'

t.test('two of three servers are lost for good: peers.json makes a cluster of the one that is left', async t => {
  const cluster = await startCluster(t, { servers: 3 })
  await (await cluster.leader()).put('/v1/kv/x', 'kept')
  const [last, ...lost] = cluster.servers
  if (last === undefined) throw new Error('no server')
  await until('it has it', async () => (await (await last.api('/v1/kv/x?raw&stale')).text()) === 'kept')
  await Promise.all(lost.map(server => server.crash()))
  await until('there is no leader any more', async () => (await last.get('/v1/status/leader')) === '', 30_000)
  await last.stop()
  last.flags = []
  const file = path.join(last.dataDir, 'raft', 'peers.json')
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, JSON.stringify([`${last.address}:8300`]))
  await last.start()
  t.equal(await cluster.leader(20_000, [last]), last)
  t.equal(await (await last.api('/v1/kv/x?raw&consistent')).text(), 'kept')
  t.notOk(fs.existsSync(file), 'it is used once')
  await last.put('/v1/kv/x', 'and changed')
  t.same(await last.get('/v1/status/peers'), [`${last.address}:8300`])
})
