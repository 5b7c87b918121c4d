import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { startAgent, writeConf } from '../support/agent-process.js'
import { dig } from '../support/dig.js'
import { muster } from '../support/muster.js'
import { until } from '../support/until.js'

const count = 5000

t.test('5,000 files: all of them answered, one more is live, one gone is gone, one edit is one change', async t => {
  const conf = Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `service-${i}.json`,
      { service: { name: `service-${i}`, port: 1000 + i, check: { ttl: '1h', status: 'passing' } } },
    ]),
  )
  const agent = await startAgent(t, { conf })
  const services = await until(
    'all services are in the catalog',
    async () => {
      const names = Object.keys((await (await agent.api('/v1/catalog/services')).json()) as Record<string, string[]>)
      return names.length === count + 1 && names
    },
    30_000,
  )
  t.equal(services.length, count + 1, 'and the consul service')
  t.same((await dig(agent, 'service-4999.service.consul', 'SRV')).answer, [
    'service-4999.service.consul. 0 IN SRV 1 1 5999 n1.node.dc1.consul.',
  ])

  writeConf(path.join(agent.conf, 'new.json'), { service: { name: 'new', port: 7 } })
  await until(
    'the new file is answered',
    async () => (await dig(agent, 'new.service.consul', 'SRV')).answer.length === 1,
  )
  writeConf(path.join(agent.conf, 'service-17.json'), {
    service: { name: 'service-17', port: 1, check: { ttl: '1h', status: 'passing' } },
  })
  await until('the edit is answered', async () =>
    (await dig(agent, 'service-17.service.consul', 'SRV')).answer[0]?.includes(' 1 1 1 '),
  )
  fs.rmSync(path.join(agent.conf, 'service-18.json'))
  await until(
    'the removed one is gone',
    async () => (await dig(agent, 'service-18.service.consul', 'SRV')).status === 'NXDOMAIN',
  )

  const index = async (): Promise<string | null> =>
    (await agent.api('/v1/catalog/services')).headers.get('x-consul-index')
  const before = await index()
  const reload = await muster(['reload'], { agent })
  t.equal(reload.code, 0, reload.err)
  t.match(reload.out, /0 added, 0 changed, 0 removed/, 'equal in, nothing out')
  t.equal(await index(), before)
  const validated = await muster(['validate', agent.conf])
  t.equal(validated.code, 0, validated.out + validated.err)
})
