import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { startAgent, writeConf } from '../support/agent-process.js'
import { muster } from '../support/muster.js'
import { until } from '../support/until.js'

t.test('a watch handler runs once at start and then when its result changed, whatever is reloaded', async t => {
  const agent = await startAgent(t)
  const fired = path.join(agent.directory, 'fired')
  const lines = (): number => (fs.existsSync(fired) ? fs.readFileSync(fired, 'utf8').split('\n').length - 1 : 0)
  const descriptors = (): number => fs.readdirSync(`/proc/${agent.child.pid ?? 0}/fd`).length
  writeConf(path.join(agent.conf, 'watch.json'), {
    watches: [{ type: 'service', service: 'web', args: ['sh', '-c', `echo x >> ${fired}`] }],
  })
  await until('it has run', () => lines() === 1)
  t.equal((await muster(['reload'], { agent })).code, 0)
  await until('what was read is remembered, in a file that stays open', () =>
    fs.existsSync(path.join(agent.dataDir, 'config', 'last-good')),
  )
  const before = descriptors()
  for (let i = 0; i < 10; i++) t.equal((await muster(['reload'], { agent })).code, 0)
  t.equal(lines(), 1)
  await until('no descriptor is left behind', () => descriptors() <= before)
  writeConf(path.join(agent.conf, 'web.json'), { service: { name: 'web', port: 80 } })
  await until('the change has run it', () => lines() === 2)
  writeConf(path.join(agent.conf, 'other.json'), { service: { name: 'other', port: 80 } })
  t.equal((await muster(['reload'], { agent })).code, 0)
  t.equal(lines(), 2, 'another service is none of its business')
})
