import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { startAgent, writeConf } from '../support/agent-process.js'
import { dig } from '../support/dig.js'
import { muster } from '../support/muster.js'
import { until } from '../support/until.js'
import { startWebServer } from '../support/web-server.js'

t.test('from a dropped file to an answer, and on through edits, a broken file and recovery', async t => {
  const web = await startWebServer(t)
  const agent = await startAgent(t)
  const file = path.join(agent.conf, 'web3.json')
  const declaration = (port: number): string => `//web3.json
{
  service: {
    name: "web3",
    port: ${port},
    tags: ["rails"],
    check: { http: "http://127.0.0.1:${web.port}/", interval: "1s", timeout: "1s" },
  },
}
`
  t.match(agent.output(), /Node name: 'n1'/)
  t.match(agent.output(), /Datacenter: 'dc1'/)
  t.match(agent.output(), /Server: true/)
  t.match(agent.output(), /Client Addr: \[127\.0\.0\.1\]/)
  t.match(agent.output(), /Cluster Addr: 127\.0\.0\.1/)
  t.equal((await dig(agent, 'web3.service.consul', 'SRV')).status, 'NXDOMAIN', 'nobody knows web3 yet')

  writeConf(file, declaration(8080))
  const srv = await until('web3 is answered', async () => {
    const { answer } = await dig(agent, 'web3.service.consul', 'SRV')
    return answer.length > 0 && answer
  })
  t.same(srv, ['web3.service.consul. 0 IN SRV 1 1 8080 n1.node.dc1.consul.'])
  const tagged = await dig(agent, 'rails.web3.service.consul', 'A')
  t.same(tagged.answer, ['rails.web3.service.consul. 0 IN A 127.0.0.1'])

  await web.close()
  await until(
    'the stopped web server is out of the answer',
    async () => (await dig(agent, 'web3.service.consul', 'SRV')).status === 'NXDOMAIN',
  )
  await web.open()
  await until('it is back', async () => (await dig(agent, 'web3.service.consul', 'SRV')).answer.length === 1)

  writeConf(file, declaration(9090))
  await until('the edit is live', async () =>
    (await dig(agent, 'web3.service.consul', 'SRV')).answer[0]?.includes(' 9090 '),
  )

  writeConf(file, '{ service: { name: "web3", prot: 80 ')
  const config = await until('the broken file is reported', async () => {
    const report = (await (await agent.api('/v1/agent/config')).json()) as { files: { path: string; state: string }[] }
    return report.files.some(one => one.path.endsWith('web3.json') && one.state === 'last-good') && report
  })
  t.ok(config)
  t.equal((await dig(agent, 'web3.service.consul', 'SRV')).answer.length, 1, 'a broken file takes nothing away')
  const refused = await muster(['reload'], { agent })
  t.equal(refused.code, 1)
  t.match(refused.err, /web3\.json:1:\d+/)

  writeConf(file, declaration(9191))
  await until('the mended file is live', async () =>
    (await dig(agent, 'web3.service.consul', 'SRV')).answer[0]?.includes(' 9191 '),
  )
  const reloaded = await muster(['reload'], { agent })
  t.equal(reloaded.code, 0, reloaded.err)

  fs.rmSync(file)
  await until(
    'a removed file is a removed service',
    async () => (await dig(agent, 'web3.service.consul', 'SRV')).status === 'NXDOMAIN',
  )
  t.equal((await agent.stop('SIGTERM')) === null, false, 'it ends by itself')
})
