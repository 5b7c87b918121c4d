import t from 'tap'
import type { AutopilotConfiguration, ClusterOperator, ServerHealth } from '../../src/cluster/index.js'
import { milliseconds, seconds } from '../../src/common/duration.js'
import { MusterError } from '../../src/common/errors.js'
import { revision } from '../../src/store/index.js'
import { ask } from './support/ask.js'
import { serve } from './support/serve.js'

const ids = ['0d7b4d0a-6f0e-4f9b-9f0a-6d1f5a3c2b10', '1d7b4d0a-6f0e-4f9b-9f0a-6d1f5a3c2b10']

/** Two servers; the configuration is kept in memory. */
class Operator implements ClusterOperator {
  readonly told: string[] = []
  healthy = true
  modified = 7
  configuration: AutopilotConfiguration = {
    cleanupDeadServers: true, lastContactThreshold: milliseconds(200), maxTrailingLogs: 250, minQuorum: 0, serverStabilizationTime: seconds(10),
    redundancyZoneTag: '', disableUpgradeMigration: false, upgradeVersionTag: '',
  }

  raft(): ReturnType<ClusterOperator['raft']> {
    return Promise.resolve({ index: 7, servers: ids.map((id, i) => ({ id, node: `n${i + 1}`, address: `127.0.0.${i + 1}:8300`, leader: i === 0, voter: true })) })
  }

  removePeer(by: { readonly id: string } | { readonly address: string }): Promise<void> {
    if (!('id' in by) || !ids.includes(by.id)) {
      const what = 'id' in by ? `id "${by.id}"` : `address "${by.address}"`
      return Promise.reject(new MusterError('CLUSTER_UNKNOWN_PEER', `${what} was not found in the Raft configuration`))
    }
    this.told.push(`remove ${by.id}`)
    return Promise.resolve()
  }

  transferLeader(id: string | undefined): Promise<void> {
    this.told.push(`lead ${id ?? 'anyone'}`)
    return Promise.resolve()
  }

  autopilot(): ReturnType<ClusterOperator['autopilot']> {
    return Promise.resolve({ configuration: this.configuration, created: revision(3), modified: revision(this.modified) })
  }

  setAutopilot(configuration: AutopilotConfiguration, cas?: number): Promise<boolean> {
    if (cas !== undefined && cas !== this.modified) return Promise.resolve(false)
    this.configuration = configuration
    this.modified += 1
    return Promise.resolve(true)
  }

  health(): ReturnType<ClusterOperator['health']> {
    const server = (i: number): ServerHealth => ({
      id: ids[i] ?? '', name: `n${i + 1}`, address: `127.0.0.${i + 1}:8300`, status: 'alive', version: '1.10.0', leader: i === 0, voter: true,
      lastContact: i === 0 ? 0 : this.healthy ? 12 : undefined, lastTerm: 2, lastIndex: 9, healthy: i === 0 || this.healthy, stableSince: 1_700_000_000_000,
    })
    return Promise.resolve({ healthy: this.healthy, failureTolerance: 0, servers: [server(0), server(1)] })
  }
}

t.test('Raft: who votes, who goes, who leads', async t => {
  const { get, port, membership } = await serve(t)
  const operator = membership.operator = new Operator()
  t.same((await get('/v1/operator/raft/configuration')).json(), { Index: 7, Servers: [
    { ID: ids[0], Node: 'n1', Address: '127.0.0.1:8300', Leader: true, ProtocolVersion: '3', Voter: true },
    { ID: ids[1], Node: 'n2', Address: '127.0.0.2:8300', Leader: false, ProtocolVersion: '3', Voter: true },
  ] })
  const remove = (search: string): ReturnType<typeof ask> => ask(port, `/v1/operator/raft/peer${search}`, { method: 'DELETE' })
  t.match(await remove(''), { status: 400, body: 'Bad request: Must specify either ?id with the server\'s ID or ?address with IP:port of peer to remove' })
  t.match(await remove('?id=x&address=y'), { status: 400, body: 'Bad request: Must specify only one of ?id or ?address' })
  t.match(await remove('?id=x'), { status: 500, body: 'id "x" was not found in the Raft configuration' })
  t.match(await remove('?address=127.0.0.9:8300'), { status: 500, body: 'address "127.0.0.9:8300" was not found' })
  t.match(await remove(`?id=${ids[1]}`), { status: 200, body: '' })
  t.same((await ask(port, `/v1/operator/raft/transfer-leader?id=${ids[1]}`, { method: 'POST' })).json(), { Success: true })
  t.equal((await ask(port, '/v1/operator/raft/transfer-leader', { method: 'POST' })).status, 200)
  t.same(operator.told, [`remove ${ids[1]}`, `lead ${ids[1]}`, 'lead anyone'])
  t.match(await get('/v1/operator/raft/configuration?dc=nowhere'), { status: 500, body: 'No path to datacenter' })
})

t.test('autopilot: what is left out gets the defaults, and cas guards', async t => {
  const { get, put, membership } = await serve(t)
  membership.operator = new Operator()
  const path = '/v1/operator/autopilot/configuration'
  const standard = {
    CleanupDeadServers: true, LastContactThreshold: '200ms', MaxTrailingLogs: 250, MinQuorum: 0, ServerStabilizationTime: '10s', RedundancyZoneTag: '',
    DisableUpgradeMigration: false, UpgradeVersionTag: '', CreateIndex: 3,
  }
  t.same((await get(path)).json(), { ...standard, ModifyIndex: 7 })
  t.equal((await put(path, { CleanupDeadServers: false, LastContactThreshold: '500ms', MinQuorum: 1 })).body, 'true')
  t.same((await get(path)).json(), { ...standard, CleanupDeadServers: false, LastContactThreshold: '500ms', MinQuorum: 1, ModifyIndex: 8 })
  t.equal((await put(`${path}?cas=7`, {})).body, 'false')
  t.equal((await put(`${path}?cas=8`, { maxtrailinglogs: 7 })).body, 'true')
  t.same((await get(path)).json(), { ...standard, MaxTrailingLogs: 7, ModifyIndex: 9 })
  for (const [body, reason] of [[{ LastContactThreshold: 'soon' }, 'time: invalid duration "soon"'], ['{', ''], [{ MinQuorum: -1 }, 'MinQuorum must be']] as const) {
    const refused = await put(path, body)
    t.equal(refused.status, 400)
    t.match(refused.body, `Bad request: Error parsing autopilot config: ${reason}`)
  }
  t.equal((await put(`${path}?cas=x`, {})).status, 400)
})

t.test('autopilot: health and state', async t => {
  const { get, membership } = await serve(t)
  const operator = membership.operator = new Operator()
  const health = await get('/v1/operator/autopilot/health')
  t.equal(health.status, 200)
  t.match(health.json(), { Healthy: true, FailureTolerance: 0, Servers: [
    { ID: ids[0], Name: 'n1', Address: '127.0.0.1:8300', SerfStatus: 'alive', Version: '1.10.0', Leader: true, LastContact: '0s', LastTerm: 2, LastIndex: 9, Healthy: true, Voter: true, StableSince: '2023-11-14T22:13:20.000Z' },
    { Name: 'n2', Leader: false, LastContact: '12ms' },
  ] })
  operator.healthy = false
  const ill = await get('/v1/operator/autopilot/health')
  t.equal(ill.status, 429)
  t.match(ill.json(), { Healthy: false, Servers: [{ Healthy: true }, { Healthy: false, LastContact: 'never' }] })
  const state = await get('/v1/operator/autopilot/state')
  t.equal(state.status, 200)
  t.match(state.json(), {
    Healthy: false, OptimisticFailureTolerance: 0, Leader: ids[0], Voters: ids,
    Servers: { [ids[0] ?? '']: { Status: 'leader', NodeType: 'voter', NodeStatus: 'alive', ReadReplica: false }, [ids[1] ?? '']: { Status: 'voter' } },
  })
})

t.test('keys: there are none, and nobody is left to think otherwise', async t => {
  const { get, put, port } = await serve(t)
  t.match(await get('/v1/operator/keyring'), { status: 500, body: 'Keyring is empty (encryption not enabled)' })
  t.match(await put('/v1/operator/keyring', { Key: 'x' }), { status: 500, body: /does not encrypt/ })
  t.equal((await ask(port, '/v1/operator/keyring', { method: 'DELETE' })).status, 500)
})

t.test('an agent that is no server says so', async t => {
  const { get } = await serve(t)
  t.match(await get('/v1/operator/raft/configuration'), { status: 500, body: 'No known Consul servers' })
})

t.test('a password of the settings is not shown', async t => {
  const { get, settings } = await serve(t, {})
  const { get: getSecret } = await serve(t, { etcd: { ...settings.etcd, password: 'opensesame' } })
  for (const path of ['/v1/agent/self', '/v1/agent/config']) {
    t.notMatch((await getSecret(path)).body, /opensesame/)
    t.match((await getSecret(path)).body, /"password":"hidden"/)
    t.match((await get(path)).body, /"password":""/)
  }
})
