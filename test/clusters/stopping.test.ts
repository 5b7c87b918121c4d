import t from 'tap'
import { startCluster } from '../support/cluster.js'
import { until } from '../support/until.js'
import { lone } from './lone-server.js'

// Agents are started and stopped many times, on a machine that may be busy.
t.setTimeout(180_000)

const signals = [
  {
    name: 'SIGTERM of a client leaves, unless told otherwise',
    role: 'client',
    signal: 'SIGTERM',
    settings: {},
    code: 0,
    status: 'left',
  },
  {
    name: 'SIGTERM of a client with leave_on_terminate = false fails',
    role: 'client',
    signal: 'SIGTERM',
    settings: { leave_on_terminate: false },
    code: 1,
    status: 'failed',
  },
  { name: 'SIGINT of a client leaves', role: 'client', signal: 'SIGINT', settings: {}, code: 0, status: 'left' },
  {
    name: 'SIGINT of a client with skip_leave_on_interrupt fails',
    role: 'client',
    signal: 'SIGINT',
    settings: { skip_leave_on_interrupt: true },
    code: 1,
    status: 'failed',
  },
] as const
t.test('whether a stopped client leaves is as it is set', async t => {
  const { cluster, server } = await lone(t)
  await Promise.all(
    signals.map(async ({ name, role, signal, settings, code, status }, number) => {
      const agent = await cluster.add({
        name: `c${number}`,
        role,
        flags: [`-retry-join=${server.address}`],
        conf: { 'a.json': { ...settings, performance: { leave_drain_time: '0s' } } },
      })
      await agent.start()
      await until(`${agent.name} is there`, async () =>
        (await server.get<{ Name: string; Status: number }[]>('/v1/agent/members')).some(
          member => member.Name === agent.name && member.Status === 1,
        ),
      )
      t.equal(await agent.stop(signal), code, name)
      const wanted = status === 'left' ? 3 : 4
      await until(
        name,
        async () =>
          (await server.get<{ Name: string; Status: number }[]>('/v1/agent/members')).some(
            member => member.Name === agent.name && member.Status === wanted,
          ),
        30_000,
      )
    }),
  )
})

t.test('servers: stopping keeps them members, leave_on_terminate leaves, and -rejoin comes back', async t => {
  const cluster = await startCluster(t, { servers: 3, clients: 1 })
  const [first, , third] = cluster.servers
  const [client] = cluster.clients
  if (first === undefined || third === undefined || client === undefined) throw new Error('no agents')

  const info = (await third.cli('info')).out
  for (const line of [
    'known_datacenters = 1',
    'leader = (true|false)',
    'leader_addr = 127\\.[.\\d]+:8300',
    'server = true',
    'bootstrap = false',
    'term = \\d+',
    'commit_index = [1-9]\\d*',
    'applied_index = \\d+',
    'last_log_index = \\d+',
    'last_log_term = \\d+',
    'num_peers = 2',
    'fsm_pending = \\d+',
    'last_contact = .+',
    'last_snapshot_index = \\d+',
    'last_snapshot_term = \\d+',
    'latest_configuration_index = \\d+',
    'latest_configuration = \\[(\\{Suffrage:Voter ID:\\S+ Address:[.\\d]+:8300\\} ?){3}\\]',
    'protocol_version = 3',
    'state = (Leader|Follower)',
    'members = 4',
    'failed = 0',
    'left = 0',
    'encrypted = false',
    'event_time = \\d+',
    'check_monitors = 0',
    'services = 0',
    'cpu_count = \\d+',
    'max_procs = \\d+',
    'goroutines = \\d+',
    'arch = \\w+',
    'acl = disabled',
    'version = .+',
    'prerelease = ',
    'revision = ',
  ])
    t.match(info, new RegExp(`^\\t${line}$`, 'm'))
  const ofClient = (await client.cli('info')).out
  for (const line of ['known_servers = 3', 'server = false', 'acl = disabled', 'members = 4'])
    t.match(ofClient, new RegExp(`^\\t${line}$`, 'm'))
  t.notMatch(ofClient, /^(raft|serf_wan):/m)

  t.equal(await third.stop('SIGTERM'), 1)
  await cluster.membersAre({ s1: 'alive', s2: 'alive', s3: 'failed', c1: 'alive' }, [first])
  for (const [agent, node, old, now] of [
    [first, 's3', 'alive', 'failed'],
    [client, 's3', 'alive', 'failed'],
  ] as const) {
    await until(
      `${agent.name} has a line for it`,
      () =>
        agent.output.includes(`the status of a member has changed: node=${node} `)
        && new RegExp(`status of a member has changed: node=${node} .*old=${old} new=${now} reason=`).test(
          agent.output,
        ),
    )
  }
  t.match(first.output, /the leader has changed: node=s\d old="?"? ?new=127\.\S+:8300 reason=/)
  third.write('leave.json', { leave_on_terminate: true, performance: { leave_drain_time: '0s' } })
  await third.start()
  await cluster.membersAre({ s1: 'alive', s2: 'alive', s3: 'alive', c1: 'alive' }, [first])
  t.equal(await third.stop('SIGTERM'), 0)
  await cluster.membersAre({ s1: 'alive', s2: 'alive', s3: 'left', c1: 'alive' }, [first])
  // It knows those it was with, and nobody tells it anew.
  third.flags = ['-rejoin']
  await third.start()
  await cluster.membersAre({ s1: 'alive', s2: 'alive', s3: 'alive', c1: 'alive' }, [first], 60_000)
})
