import t from 'tap'
import { startAgent } from '../support/agent-process.js'
import { until } from '../support/until.js'

const patient = { leave_on_terminate: true, performance: { leave_drain_time: '100s' } }

void t.test('a second signal ends the drain time', async t => {
  const agent = await startAgent(t, { conf: { 'agent.json': patient } })
  agent.child.kill('SIGTERM')
  await until('it has left', () => agent.output().includes('left; answering on'))
  t.equal((await agent.api('/v1/status/leader')).status, 200)
  t.equal(await agent.stop('SIGTERM'), 1)
})

void t.test('signals that are no concern of an agent', async t => {
  const agent = await startAgent(t, { dev: true })
  agent.child.kill('SIGPIPE')
  agent.child.kill('SIGUSR1')
  agent.child.kill('SIGHUP')
  await until('it has reloaded', () => agent.output().includes('cause=signal'))
  t.notMatch(agent.output(), /debugger/i, 'nobody on the machine can get into it')
  t.equal((await agent.api('/v1/status/leader')).status, 200)
  t.equal(await agent.stop('SIGINT'), 1)
})
