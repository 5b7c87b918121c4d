import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import t, { type Test } from 'tap'
import { plainly, program } from '../support/agent-process.js'
import { newCluster, startCluster, type Cluster } from '../support/cluster.js'
import type { ClusterAgent } from '../support/cluster-agent.js'
import { loopbackAddress } from '../support/loopback-address.js'
import { run } from '../support/run.js'
import { until } from '../support/until.js'

// Agents are started and stopped many times, on a machine that may be busy.
t.setTimeout(180_000)

/** A server on its own, which others join. */
async function lone(t: Test): Promise<{ readonly cluster: Cluster; readonly server: ClusterAgent }> {
  const cluster = newCluster(t)
  const server = await (await cluster.add({ name: 's1', role: 'server', expect: 1 })).start()
  await cluster.leader()
  return { cluster, server }
}

const failures = [
  { name: '-join', flags: (address: string) => [`-join=${address}`], says: /Failed to join|cannot reach/ },
  {
    name: '-retry-max',
    flags: (address: string) => [`-retry-join=${address}`, '-retry-interval=1s', '-retry-max=2'],
    says: /agent: max join LAN retry exhausted, exiting/,
  },
]
for (const role of ['client', 'server'] as const)
  for (const { name, flags, says } of failures) {
    t.test(`${name} of a ${role} that meets nobody ends it, and says why`, async t => {
      const nobody = await loopbackAddress()
      const agent = await newCluster(t).add({ name: 'a1', role, ...(role === 'server' && { expect: 2 }) })
      const words = [
        'agent',
        `-server=${role === 'server'}`,
        ...(role === 'server' ? ['-bootstrap-expect=2'] : []),
        '-node=a1',
        `-bind=${agent.address}`,
        `-client=${agent.address}`,
        '-data-dir',
        agent.dataDir,
      ]
      const { code, out, err } = await run(...plainly(process.execPath, [program, ...words, ...flags(nobody)]))
      t.equal(code, 1, out)
      t.match(out + err, says)
      t.match(out + err, nobody, 'the address is named')
    })
  }

t.test('a host of several addresses is joined at the one that answers', async t => {
  const { cluster, server } = await lone(t)
  // `localhost` is ::1 as well, where nobody listens; the server is not on 127.0.0.1 either, but what listens there
  // leads to it.
  const port = 8301
  const bridge = net.createServer(socket => {
    socket
      .pipe(net.connect(port, server.address))
      .on('error', () => {
        socket.destroy()
      })
      .pipe(socket)
      .on('error', () => {
        socket.destroy()
      })
  })
  await new Promise<void>(resolve => {
    bridge.listen(0, '127.0.0.1', resolve)
  })
  t.teardown(() => {
    bridge.close()
  })
  const { port: bridged } = bridge.address() as net.AddressInfo
  const client = await cluster.add({
    name: 'c1',
    role: 'client',
    flags: [`-retry-join=localhost:${bridged}`, '-retry-interval=1s'],
  })
  await client.start()
  await cluster.membersAre({ s1: 'alive', c1: 'alive' })
  await client.stop()
})

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

t.test(
  'an agent that is told to join is a member when that is answered, and one that lives is seen leaving when it is told to by force',
  async t => {
    const { cluster, server } = await lone(t)
    for (const role of ['lone', 'client'] as const) {
      const agent = await (await cluster.add({ name: role, role })).start()
      await agent.put(`/v1/agent/join/${server.address}`)
      const status = async (): Promise<number | undefined> =>
        (await server.get<{ Name: string; Status: number }[]>('/v1/agent/members')).find(member => member.Name === role)
          ?.Status
      t.equal(await status(), 1)
      await server.put(`/v1/agent/force-leave/${role}`)
      t.equal(await status(), 2)
      await until('it has refuted it', async () => (await status()) === 1)
    }
    const taken = await (await cluster.add({ name: 'lone', role: 'lone' })).start()
    await t.rejects(
      taken.put(`/v1/agent/join/${server.address}`),
      /lone/,
      'a name in use is refused before anything is changed',
    )
    t.match(await taken.get('/v1/agent/self'), { Config: { Server: true } })
  },
)

t.test(
  'an agent that was a client agent is one again, whoever joins whom, and whatever is said at its next start',
  async t => {
    const { cluster, server } = await lone(t)
    const statusOf = async (name: string): Promise<number | undefined> =>
      (await server.get<{ Name: string; Status: number }[]>('/v1/agent/members')).find(member => member.Name === name)
        ?.Status
    const quick = { 'a.json': { performance: { leave_drain_time: '0s' } } }
    const told = await (await cluster.add({ name: 'told', role: 'lone', conf: quick })).start()
    await told.put(`/v1/agent/join/${server.address}`)
    const configured = await (
      await cluster.add({ name: 'configured', role: 'lone', conf: quick, flags: [`-join=${server.address}`] })
    ).start()
    for (const agent of [told, configured]) {
      await until('it is there', async () => (await statusOf(agent.name)) === 1)
      await until('as a client agent', async () => (await agent.cli('info')).out.includes('server = false\n'))
      t.equal(await agent.stop('SIGTERM'), 0, 'it leaves')
      await until('it has left', async () => (await statusOf(agent.name)) === 3)
      agent.flags = ['-rejoin']
      await agent.start()
      await until('it has come back by itself', async () => (await statusOf(agent.name)) === 1)
      t.match(await agent.get('/v1/agent/self'), { Config: { Server: false } })
      await agent.stop('SIGINT')
      agent.flags = []
      await agent.start()
      t.match(await agent.get('/v1/agent/self'), { Config: { Server: false } }, 'without a word it stays what it is')
      t.equal((await server.cli('join', agent.address)).code, 0, 'joined from the other side')
      await until('it is there again', async () => (await statusOf(agent.name)) === 1)
    }
    // It knows nobody: only who joins it can tell it of a server.
    await told.stop('SIGTERM')
    await until('it has left', async () => (await statusOf(told.name)) === 3)
    fs.rmSync(path.join(told.dataDir, 'known-servers.json'))
    fs.writeFileSync(path.join(told.dataDir, 'role.json'), '{"role":"client","joined":[]}')
    await told.start()
    t.equal((await server.cli('join', told.address)).code, 0)
    await until('it has been fetched', async () => (await statusOf(told.name)) === 1)
  },
)
