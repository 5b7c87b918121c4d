import t from 'tap'
import { startAgent } from '../support/agent-process.js'
import { startApiStub, type ApiStub } from '../support/api-stub.js'
import { muster } from '../support/muster.js'
import type { Outcome } from '../support/run.js'

// Each command is a process, and a busy machine starts them slowly.
t.setTimeout(120_000)

const at = (stub: ApiStub, ...args: string[]): Promise<Outcome> =>
  muster(args, { env: { MUSTER_HTTP_ADDR: `127.0.0.1:${stub.port}` } })

t.test('join: counts the addresses that answered, names the others', async t => {
  const stub = await startApiStub(t, {
    'PUT /v1/agent/join/10.0.0.1': {},
    'PUT /v1/agent/join/%5B%3A%3A1%5D%3A8301': {},
    'PUT /v1/agent/join/gone': { status: 500, body: 'dial gone' },
  })
  t.same(await at(stub, 'join', '10.0.0.1', 'gone', '[::1]:8301'), {
    code: 0,
    out: 'Successfully joined cluster by contacting 2 nodes.\n',
    err: "Error joining address 'gone': Unexpected response code: 500 (dial gone)\n",
  })
  t.match(await at(stub, 'join', 'gone'), { code: 1, out: '', err: 'Failed to join any nodes.\n' })
  await at(stub, 'join', '-wan', '10.0.0.1')
  t.equal(stub.asked.at(-1), 'PUT /v1/agent/join/10.0.0.1?wan=1')
  t.match(await at(stub, 'join'), { code: 1, err: 'At least one address to join must be specified.' })
  t.match(await muster(['join', '-http-addr=127.0.0.1:1', 'a']), { code: 1, err: /no agent answers at 127\.0\.0\.1:1/ })
})

t.test('force-leave', async t => {
  const stub = await startApiStub(t, {
    'PUT /v1/agent/force-leave/n3': {},
    'PUT /v1/agent/force-leave/x': { status: 500, body: "agent: No node found with name 'x'" },
  })
  t.same(await at(stub, 'force-leave', 'n3'), { code: 0, out: '', err: '' })
  await at(stub, 'force-leave', '-prune', 'n3')
  t.same(stub.asked, ['PUT /v1/agent/force-leave/n3', 'PUT /v1/agent/force-leave/n3?prune=1'])
  t.match(await at(stub, 'force-leave', 'x'), { code: 1, err: /500 \(agent: No node found with name 'x'\)/ })
  t.equal((await at(stub, 'force-leave')).code, 1)
  t.equal((await at(stub, 'force-leave', 'a', 'b')).code, 1)
})

const peer = (n: number) => ({
  ID: `id-${n}`,
  Node: `n${n}`,
  Address: `10.0.0.${n}:8300`,
  Leader: n === 1,
  ProtocolVersion: '3',
  Voter: n < 3,
})

t.test('operator raft', async t => {
  const stub = await startApiStub(t, {
    'GET /v1/operator/raft/configuration': { body: { Servers: [peer(1), peer(2), peer(3)], Index: 1 } },
    'DELETE /v1/operator/raft/peer': {},
    'POST /v1/operator/raft/transfer-leader': { body: { Success: true } },
  })
  t.equal(
    (await at(stub, 'operator', 'raft', 'list-peers', '-stale')).out,
    [
      'Node  ID    Address        State     Voter  RaftProtocol',
      'n1    id-1  10.0.0.1:8300  leader    true   3',
      'n2    id-2  10.0.0.2:8300  follower  true   3',
      'n3    id-3  10.0.0.3:8300  follower  false  3',
      '',
    ].join('\n'),
  )
  t.match(stub.asked[0], '?stale')
  t.equal((await at(stub, 'operator', 'raft', 'remove-peer', '-id=id-3')).out, 'Removed peer with id "id-3"\n')
  t.equal(
    (await at(stub, 'operator', 'raft', 'remove-peer', '-address=10.0.0.3:8300')).out,
    'Removed peer with address "10.0.0.3:8300"\n',
  )
  t.same(stub.asked.slice(1), [
    'DELETE /v1/operator/raft/peer?id=id-3',
    'DELETE /v1/operator/raft/peer?address=10.0.0.3%3A8300',
  ])
  t.match(await at(stub, 'operator', 'raft', 'remove-peer'), {
    code: 1,
    err: 'Error removing peer: an address or id is required for the peer to remove\n',
  })
  t.equal((await at(stub, 'operator', 'raft', 'remove-peer', '-id=a', '-address=b')).code, 1)
  t.same(await at(stub, 'operator', 'raft', 'transfer-leader', '-id=id-2'), { code: 0, out: 'Success\n', err: '' })
  const refusing = await startApiStub(t, {
    'DELETE /v1/operator/raft/peer': { status: 500, body: 'id "x" was not found in the Raft configuration' },
  })
  t.match(await at(refusing, 'operator', 'raft', 'remove-peer', '-id=x'), {
    code: 1,
    err: 'Error removing peer: Unexpected response code: 500 (id "x" was not found',
  })
  t.match(await at(refusing, 'operator', 'raft', 'transfer-leader'), {
    code: 1,
    err: 'Error transferring leadership: ',
  })
})

t.test('groups of three words', async t => {
  t.match(await muster(['operator']), { code: 1, err: 'operator autopilot state' })
  const group = await muster(['operator', 'raft'])
  t.equal(group.code, 1)
  t.match(group.err, 'operator raft list-peers')
  t.notMatch(group.err, 'autopilot')
  t.match(await muster(['operator', 'raft', 'nope']), { code: 1, err: 'muster operator raft has no command "nope".' })
  t.match(await muster(['operator', 'raft', '-h']), { code: 0, out: 'operator raft list-peers' })
  t.match(await muster(['help', 'operator', 'raft']), { code: 0, out: 'Usage: muster operator raft COMMAND' })
})

const autopilot = {
  CleanupDeadServers: true,
  LastContactThreshold: '200ms',
  MaxTrailingLogs: 250,
  MinQuorum: 0,
  ServerStabilizationTime: '10s',
  RedundancyZoneTag: '',
  DisableUpgradeMigration: false,
  UpgradeVersionTag: '',
  CreateIndex: 3,
  ModifyIndex: 7,
}

t.test('operator autopilot', async t => {
  let verdict = 'true'
  const server = (id: string, leader: boolean) => ({
    ID: id,
    Name: `n-${id}`,
    Address: '10.0.0.1:8300',
    Version: '1.10.0',
    Status: leader ? 'leader' : 'voter',
    NodeType: 'voter',
    NodeStatus: 'alive',
    Healthy: true,
    LastContact: leader ? '0s' : '3ms',
    LastTerm: 2,
    LastIndex: 9,
  })
  const state = {
    Healthy: true,
    FailureTolerance: 1,
    Leader: 'a',
    Voters: ['a', 'b'],
    Servers: { b: server('b', false), a: server('a', true) },
  }
  const stub = await startApiStub(t, {
    'GET /v1/operator/autopilot/configuration': { body: autopilot },
    'PUT /v1/operator/autopilot/configuration': () => ({ body: verdict }),
    'GET /v1/operator/autopilot/state': { body: state },
  })
  t.equal(
    (await at(stub, 'operator', 'autopilot', 'get-config')).out,
    [
      'CleanupDeadServers = true',
      'LastContactThreshold = 200ms',
      'MaxTrailingLogs = 250',
      'MinQuorum = 0',
      'ServerStabilizationTime = 10s',
      'RedundancyZoneTag = ""',
      'DisableUpgradeMigration = false',
      'UpgradeVersionTag = ""',
      '',
    ].join('\n'),
  )
  t.equal(
    (await at(stub, 'operator', 'autopilot', 'set-config', '-cleanup-dead-servers=false', '-min-quorum=3')).out,
    'Configuration updated!\n',
  )
  const [line = '', body = ''] = /^(.*?) (\{.*)$/.exec(stub.asked.at(-1) ?? '')?.slice(1) ?? []
  t.equal(line, 'PUT /v1/operator/autopilot/configuration?cas=7')
  t.match(JSON.parse(body), {
    CleanupDeadServers: false,
    MinQuorum: 3,
    MaxTrailingLogs: 250,
    LastContactThreshold: '200ms',
  })
  verdict = 'false'
  t.match(await at(stub, 'operator', 'autopilot', 'set-config', '-min-quorum=3'), {
    code: 1,
    err: 'Configuration could not be atomically updated',
  })
  const shown = (await at(stub, 'operator', 'autopilot', 'state')).out
  t.match(
    shown,
    /^Healthy: +true\nFailure Tolerance: 1\nLeader: +a\nVoters:\n {3}a\n {3}b\nServers:\n {3}a\n {6}Name: +n-a\n/,
  )
  t.match(shown, /Last Contact: +3ms/)
  t.same(JSON.parse((await at(stub, 'operator', 'autopilot', 'state', '-format=json')).out), state)
  t.equal((await at(stub, 'operator', 'autopilot', 'state', '-format=xml')).code, 1)
})

t.test('keys', async t => {
  t.match((await muster(['keygen'])).out, /^[A-Za-z0-9+/]{43}=\n$/)
  const stub = await startApiStub(t, {
    'GET /v1/operator/keyring': {
      body: [
        { WAN: true, Datacenter: 'dc1', Keys: { 'k1=': 1 }, PrimaryKeys: { 'k1=': 1 }, NumNodes: 1 },
        { WAN: false, Datacenter: 'dc1', Keys: { 'k1=': 2, 'k2=': 1 }, PrimaryKeys: { 'k1=': 2 }, NumNodes: 2 },
      ],
    },
    'POST /v1/operator/keyring': {},
  })
  t.equal(
    (await at(stub, 'keyring', '-list')).out,
    '==> Gathering installed encryption keys...\n\nWAN:\n  k1= [1/1]\n\ndc1 (LAN):\n  k1= [2/2]\n  k2= [1/2]\n',
  )
  t.notMatch((await at(stub, 'keyring', '-list-primary')).out, 'k2=')
  t.equal((await at(stub, 'keyring', '-install=k3=')).out, '==> Installing new gossip encryption key...\n')
  t.equal(stub.asked.at(-1), 'POST /v1/operator/keyring {"Key":"k3="}')
  t.match(await at(stub, 'keyring', '-list', '-use=x'), { code: 1, err: 'Only a single action is allowed' })
  t.equal((await at(stub, 'keyring')).code, 1)
  const agent = await startAgent(t, { dev: true })
  t.match(await muster(['keyring', '-list'], { agent }), { code: 1, err: 'Keyring is empty (encryption not enabled)' })
  t.match(await muster(['keyring', '-install=x'], { agent }), { code: 1, err: 'does not encrypt' })
})

const live = [{ CheckID: 'serfHealth', Status: 'passing' }]
const dead = [{ CheckID: 'serfHealth', Status: 'critical' }]
const has = (service: string) => ({ body: { Node: {}, Services: [{ ID: 'web1', Service: service }] } })
const hasNot = { body: { Node: {}, Services: [] } }

t.test('services deregister finds the owner of a service', async t => {
  const answers = (nodes: Readonly<Record<string, { services: { body: unknown }; checks: unknown }>>) => ({
    'GET /v1/agent/services': { body: {} },
    'GET /v1/catalog/nodes': { body: Object.keys(nodes).map(Node => ({ Node })) },
    'PUT /v1/agent/service/deregister/web1': {
      headers: { 'X-Muster-Warning': 'service "web1" is declared by conf/web.json:4 and comes back' },
    },
    'PUT /v1/catalog/deregister': { body: 'true' },
    ...Object.fromEntries(
      Object.entries(nodes).flatMap(([node, { services, checks }]) => [
        [`GET /v1/catalog/node-services/${node}`, services],
        [`GET /v1/health/node/${node}`, { body: checks }],
      ]),
    ),
  })
  const one = await startApiStub(
    t,
    answers({ n1: { services: has('web'), checks: live }, n2: { services: hasNot, checks: live } }),
  )
  t.same(await at(one, 'services', 'deregister', '-id=web1'), {
    code: 0,
    out: 'Deregistered service: web1\n',
    err: '  it belonged to node n1\n  warning: service "web1" is declared by conf/web.json:4 and comes back\n',
  })
  t.equal(one.asked.at(-1), 'PUT /v1/agent/service/deregister/web1?node=n1')
  const two = await startApiStub(
    t,
    answers({
      n1: { services: has('web'), checks: live },
      n2: { services: has('web'), checks: dead },
      n3: { services: has('ext'), checks: [] },
    }),
  )
  const several = await at(two, 'services', 'deregister', '-id=web1')
  t.match(several, { code: 1, out: '' })
  t.match(
    several.err,
    /3 nodes have a service "web1":\n {2}n1: service web\n {2}n2: service web \(its agent does not answer\)\n {2}n3: service ext \(registered/,
  )
  t.match(several.err, '-node')
  t.match(await at(two, 'services', 'deregister', '-id=web1', '-node=N1'), { code: 0, err: 'it belonged to node n1' })
  t.match(await at(two, 'services', 'deregister', '-id=web1', '-node=n2'), { code: 1, err: 'muster force-leave n2' })
  t.match(await at(two, 'services', 'deregister', '-id=web1', '-node=n3'), {
    code: 0,
    out: 'Deregistered service: web1\n',
  })
  t.equal(two.asked.at(-1), 'PUT /v1/catalog/deregister {"Node":"n3","ServiceID":"web1"}')
})

t.test('services deregister against an agent', async t => {
  const agent = await startAgent(t, { conf: { 'web.json': { service: { name: 'web' } } } })
  await agent.api('/v1/catalog/register', {
    method: 'PUT',
    body: JSON.stringify({ Node: 'ext', Address: '192.0.2.1', Service: { ID: 'e"1', Service: 'e' } }),
  })
  t.match(await muster(['services', 'deregister', '-id=e"1'], { agent }), {
    code: 0,
    out: 'Deregistered service: e"1\n',
    err: 'it belonged to node ext',
  })
  t.same(await (await agent.api('/v1/catalog/service/e')).json(), [])
  t.match(await muster(['services', 'deregister', '-id=nope'], { agent }), {
    code: 0,
    out: 'Deregistered service: nope\n',
    err: 'no node has a service',
  })
  t.match(await muster(['services', 'deregister', '-id=web'], { agent }), {
    code: 0,
    err: /web\.json:\d+ and comes back/,
  })
})
