import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { startApiStub, type StubAnswer } from '../support/api-stub.js'
import { muster } from '../support/muster.js'

// Each command is a process, and a busy machine starts them slowly.
t.setTimeout(120_000)

/** What an agent of Consul 1.10 answers; to anything else 404, with an empty body. */
const consul: Readonly<Record<string, StubAnswer>> = {
  'GET /v1/agent/self': {
    body: { Config: { Datacenter: 'dc1', NodeName: 'n1', Version: '1.10.0' }, DebugConfig: { EnableDebug: false } },
  },
  'GET /v1/agent/services': {
    body: {
      web: {
        ID: 'web',
        Service: 'web',
        Tags: [],
        Meta: {},
        Port: 80,
        Address: '',
        Weights: { Passing: 1, Warning: 1 },
      },
    },
  },
  'GET /v1/agent/checks': { body: {} },
  'GET /v1/health/state/any': {
    body: [
      {
        Node: 'n1',
        CheckID: 'serfHealth',
        Name: 'Serf Health Status',
        Status: 'passing',
        Output: 'alive',
        ServiceID: '',
      },
    ],
  },
}
const withLeader = (leader: string): Readonly<Record<string, StubAnswer>> => ({
  ...consul,
  'GET /v1/status/leader': { body: JSON.stringify(leader) },
})

t.test('commands that need more than Consul has say so, or do without', async t => {
  const stub = await startApiStub(t, withLeader('127.0.0.1:8300'))
  const env = { CONSUL_HTTP_ADDR: `127.0.0.1:${stub.port}` }
  t.match(await muster(['plan'], { env }), {
    code: 1,
    out: '',
    err: /^Error: the agent is Consul 1\.10\.0, which has no plan of a reload\n.*-http-addr/,
  })
  t.match(await muster(['ready'], { env }), { code: 0, out: 'The agent is ready.\n', err: '' })
  t.match(await muster(['services', 'list'], { env }), { code: 0, out: /^web +web +:80 +passing +- +-$/m })
  t.match(await muster(['checks'], { env }), { code: 0, out: /Serf Health Status +passing +- +alive/ })
  const output = path.join(t.testdir(), 'bundle')
  t.match(await muster(['debug', '-archive=false', '-capture=agent', `-output=${output}`], { env }), {
    code: 0,
    out: /Agent Version: '1\.10\.0'/,
  })
  t.match(JSON.parse(fs.readFileSync(path.join(output, 'index.json'), 'utf8')), { AgentVersion: '1.10.0' })
})

t.test('an agent of Consul without a leader has started, and is not ready', async t => {
  const stub = await startApiStub(t, withLeader(''))
  const env = { CONSUL_HTTP_ADDR: `127.0.0.1:${stub.port}` }
  t.match(await muster(['ready'], { env }), {
    code: 1,
    out: '',
    err: 'The agent is not ready: it is an agent of Consul, and it knows of no leader\n',
  })
  t.match(await muster(['ready', '-level=started'], { env }), { code: 0, out: 'The agent has started.\n' })
})

t.test('a server that is no agent is not taken for a Consul agent', async t => {
  const stub = await startApiStub(t, {})
  const env = { CONSUL_HTTP_ADDR: `127.0.0.1:${stub.port}` }
  t.match(await muster(['plan'], { env }), { code: 1, err: /^Error: Unexpected response code: 404/ })
  t.match(await muster(['ready'], { env }), { code: 1, err: 'The agent is not ready: it answered 404\n' })
})
