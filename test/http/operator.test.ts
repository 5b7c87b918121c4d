import t from 'tap'
import { MusterError } from '../../src/common/errors.js'
import { ask } from './support/ask.js'
import { operatorIds as ids, OperatorTwin } from './support/operator-twin.js'
import { serve } from './support/serve.js'

t.test('Raft: voters, removal, transfer of leadership', async t => {
  const { get, port, membership } = await serve(t)
  const operator = (membership.operator = new OperatorTwin())
  t.same((await get('/v1/operator/raft/configuration')).json(), {
    Index: 7,
    Servers: [
      { ID: ids[0], Node: 'n1', Address: '127.0.0.1:8300', Leader: true, ProtocolVersion: '3', Voter: true },
      { ID: ids[1], Node: 'n2', Address: '127.0.0.2:8300', Leader: false, ProtocolVersion: '3', Voter: true },
    ],
  })
  const remove = (search: string): ReturnType<typeof ask> =>
    ask(port, `/v1/operator/raft/peer${search}`, { method: 'DELETE' })
  t.match(await remove(''), {
    status: 400,
    body: "Bad request: Must specify either ?id with the server's ID or ?address with IP:port of peer to remove",
  })
  t.match(await remove('?id=x&address=y'), {
    status: 400,
    body: 'Bad request: Must specify only one of ?id or ?address',
  })
  t.match(await remove('?id=x'), { status: 500, body: 'id "x" was not found in the Raft configuration' })
  t.match(await remove('?address=127.0.0.9:8300'), { status: 500, body: 'address "127.0.0.9:8300" was not found' })
  t.match(await remove(`?id=${ids[1]}`), { status: 200, body: '' })
  t.same((await ask(port, `/v1/operator/raft/transfer-leader?id=${ids[1]}`, { method: 'POST' })).json(), {
    Success: true,
  })
  t.equal((await ask(port, '/v1/operator/raft/transfer-leader', { method: 'POST' })).status, 200)
  t.same(operator.told, [`remove ${ids[1]}`, `lead ${ids[1]}`, 'lead anyone'])
  t.match(await get('/v1/operator/raft/configuration?stale&consistent'), { status: 400, body: /^Cannot specify/ })
  t.match(await get('/v1/operator/raft/configuration?dc=nowhere'), { status: 500, body: 'No path to datacenter' })
})

t.test('autopilot: missing fields get defaults, and cas is checked', async t => {
  const { get, put, membership } = await serve(t)
  membership.operator = new OperatorTwin()
  const path = '/v1/operator/autopilot/configuration'
  const standard = {
    CleanupDeadServers: true,
    LastContactThreshold: '200ms',
    MaxTrailingLogs: 250,
    MinQuorum: 0,
    ServerStabilizationTime: '10s',
    RedundancyZoneTag: '',
    DisableUpgradeMigration: false,
    UpgradeVersionTag: '',
    CreateIndex: 3,
  }
  t.same((await get(path)).json(), { ...standard, ModifyIndex: 7 })
  t.equal((await put(path, { CleanupDeadServers: false, LastContactThreshold: '500ms', MinQuorum: 1 })).body, 'true')
  t.same((await get(path)).json(), {
    ...standard,
    CleanupDeadServers: false,
    LastContactThreshold: '500ms',
    MinQuorum: 1,
    ModifyIndex: 8,
  })
  t.equal((await put(`${path}?cas=7`, {})).body, 'false')
  t.equal((await put(`${path}?cas=8`, { maxtrailinglogs: 7 })).body, 'true')
  t.same((await get(path)).json(), { ...standard, MaxTrailingLogs: 7, ModifyIndex: 9 })
  for (const [body, reason] of [
    [{ LastContactThreshold: 'soon' }, 'time: invalid duration "soon"'],
    ['{', ''],
    [{ MinQuorum: -1 }, 'MinQuorum must be'],
  ] as const) {
    const refused = await put(path, body)
    t.equal(refused.status, 400)
    t.match(refused.body, `Bad request: Error parsing autopilot config: ${reason}`)
  }
  t.equal((await put(`${path}?cas=x`, {})).status, 400)
})

t.test('autopilot: health and state', async t => {
  const { get, membership } = await serve(t)
  const operator = (membership.operator = new OperatorTwin())
  const health = await get('/v1/operator/autopilot/health')
  t.equal(health.status, 200)
  t.match(health.json(), {
    Healthy: true,
    FailureTolerance: 0,
    Servers: [
      {
        ID: ids[0],
        Name: 'n1',
        Address: '127.0.0.1:8300',
        SerfStatus: 'alive',
        Version: '1.10.0',
        Leader: true,
        LastContact: '0s',
        LastTerm: 2,
        LastIndex: 9,
        Healthy: true,
        Voter: true,
        StableSince: '2023-11-14T22:13:20.000Z',
      },
      { Name: 'n2', Leader: false, LastContact: '12ms' },
    ],
  })
  operator.healthy = false
  const ill = await get('/v1/operator/autopilot/health')
  t.equal(ill.status, 429)
  t.match(ill.json(), { Healthy: false, Servers: [{ Healthy: true }, { Healthy: false, LastContact: 'never' }] })
  const state = await get('/v1/operator/autopilot/state')
  t.equal(state.status, 200)
  t.match(state.json(), {
    Healthy: false,
    OptimisticFailureTolerance: 0,
    Leader: ids[0],
    Voters: ids,
    Servers: {
      [ids[0] ?? '']: { Status: 'leader', NodeType: 'voter', NodeStatus: 'alive', ReadReplica: false },
      [ids[1] ?? '']: { Status: 'voter' },
    },
  })
})

t.test('keyring: there are no keys, and attempts to install some are refused', async t => {
  const { get, put, port } = await serve(t)
  t.match(await get('/v1/operator/keyring'), { status: 500, body: 'Keyring is empty (encryption not enabled)' })
  t.match(await put('/v1/operator/keyring', { Key: 'x' }), { status: 409, body: /does not encrypt/ })
  t.match(await ask(port, '/v1/operator/keyring', { method: 'DELETE' }), {
    status: 400,
    body: /^Request decode failed: /,
  })
})

t.test('texts that clients compare as a whole go out without their hints, which the log has', async t => {
  const { get, membership, logs } = await serve(t)
  const operator = (membership.operator = new OperatorTwin())
  for (const [code, message] of [
    ['STORE_NO_LEADER', 'No cluster leader'],
    ['CLUSTER_NO_SERVERS', 'No known Consul servers'],
  ] as const) {
    operator.raft = () => Promise.reject(new MusterError(code, message, { hint: 'look after the servers' }))
    const { status, body } = await get('/v1/operator/raft/configuration')
    t.same([status, body], [500, message])
    t.match(logs.root.lines.at(-1), {
      message: 'a request was refused',
      fields: { code, hint: 'look after the servers' },
    })
  }
  operator.raft = () => Promise.reject(new MusterError('OTHER', 'It is odd', { hint: 'look here' }))
  t.match(await get('/v1/operator/raft/configuration'), {
    body: 'It is odd',
    headers: { 'x-muster-hint': 'look here' },
  })
})

t.test('an agent that is no server says so', async t => {
  const { get } = await serve(t)
  t.match(await get('/v1/operator/raft/configuration'), { status: 500, body: 'No known Consul servers' })
})

t.test('a password of the settings is not shown', async t => {
  const { get, settings } = await serve(t, {})
  const { get: getSecret } = await serve(t, { etcd: { ...settings.etcd, password: 'opensesame' } })
  for (const path of ['/v1/agent/self', '/v1/agent/config']) t.notMatch((await getSecret(path)).body, /opensesame/)
  t.match((await getSecret('/v1/agent/config')).body, /"password":"hidden"/)
  t.match((await get('/v1/agent/config')).body, /"password":""/)
})

t.test('usage: how much is registered', async t => {
  const { get, put } = await serve(t)
  const before = (await get('/v1/operator/usage')).json() as {
    Usage: Record<
      string,
      { Nodes: number; Services: number; ServiceInstances: number; BillableServiceInstances: number }
    >
  }
  const { dc1 = { Nodes: 0, Services: 0, ServiceInstances: 0, BillableServiceInstances: 0 } } = before.Usage
  for (const ID of ['a', 'b'])
    await put('/v1/catalog/register', { Node: 'ext', Address: '192.0.2.1', Service: { ID, Service: 'db' } })
  t.match((await get('/v1/operator/usage')).json(), {
    Usage: {
      dc1: {
        Nodes: dc1.Nodes + 1,
        Services: dc1.Services + 1,
        ServiceInstances: dc1.ServiceInstances + 2,
        BillableServiceInstances: dc1.BillableServiceInstances + 2,
      },
    },
    KnownLeader: true,
    ConsistencyLevel: 'leader',
  })
})
