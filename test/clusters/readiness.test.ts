import t from 'tap'
import { newCluster, startCluster } from '../support/cluster.js'
import type { ClusterAgent } from '../support/cluster-agent.js'
import { until } from '../support/until.js'

t.setTimeout(180_000)

/** Status of each level, and the reason for which it is not writable. */
async function levels(agent: ClusterAgent): Promise<{ readonly statuses: string; readonly reason: string }> {
  const answers = await Promise.all(
    ['started', 'serving', 'writable'].map(level => agent.api(`/v1/agent/ready?level=${level}`)),
  )
  const { Reason = '' } = (await answers[2]?.json()) as { readonly Reason?: string }
  return { statuses: answers.map(({ status }) => status).join(' '), reason: Reason }
}

const come = (agent: ClusterAgent, statuses: string): Promise<unknown> =>
  until(`${agent.name} answers ${statuses}`, async () => (await levels(agent)).statuses === statuses, 30_000)

t.test('the first server of three has started, and says what it waits for', async t => {
  const cluster = newCluster(t)
  const server = await cluster.add({ name: 's1', role: 'server', expect: 3 })
  await server.start()
  await until('it has started', async () => (await server.cli('ready', '-level=started')).code === 0)
  t.match(await levels(server), {
    statuses: '200 503 503',
    reason: /^the cluster has not formed: 1 of the 3 servers .*; start the other servers/,
  })
  t.match(await server.cli('ready'), {
    code: 1,
    out: '',
    err: /^The agent is not ready: the cluster has not formed: 1 of the 3 servers/,
  })
  t.match(await server.cli('ready', '-level=serving'), {
    code: 1,
    err: /^The agent is not serving: the cluster has not formed/,
  })
  t.match(await server.cli('ready', '-level=x'), { code: 1, err: /"x" is no level/ })
  t.equal((await server.api('/v1/agent/ready?level=x')).status, 400)
})

t.test(
  'a majority that is killed, or stands still: who is left serves what it knew, is not writable, and vouches for nobody',
  async t => {
    const cluster = await startCluster(t, {
      servers: 3,
      clients: 1,
      conf: { 'web.json': { service: { name: 'web', port: 80 } } },
    })
    const client = cluster.clients[0]
    if (client === undefined) throw new Error('no client')
    for (const agent of cluster.agents) await come(agent, '200 200 200')
    t.same(
      (await client.get<object[]>('/v1/agent/members')).filter(member => 'UnheardSince' in member),
      [],
    )
    for (const how of ['pause', 'crash'] as const) {
      // The leader is the one that stays: it has to notice that nobody follows it.
      const rest = await cluster.leader()
      const others = cluster.servers.filter(server => server !== rest)
      for (const other of others) await other[how]()
      const names = others
        .map(({ name }) => name)
        .sort()
        .join(', ')
      await come(rest, '200 200 503')
      t.match(
        (await levels(rest)).reason,
        /^there is no leader: a majority of the servers was last heard 20\S+Z; start the servers that are down/,
      )
      t.match(await rest.cli('ready'), { code: 1, err: /^The agent is not ready: there is no leader/ })
      t.equal((await rest.cli('ready', '-level=serving')).out, 'The agent is serving.\n')
      t.equal((await rest.dig('web.service.consul')).answer.length > 0, true)
      await until(
        'the members are not vouched for',
        async () =>
          new RegExp(`^${names}, c1: not heard of since 20\\S+Z \\(no leader\\)$`, 'm').test(
            (await rest.cli('members')).out,
          ),
        30_000,
      )
      const members =
        await rest.get<{ readonly Name: string; readonly Status: number; readonly UnheardSince?: string }[]>(
          '/v1/agent/members',
        )
      t.same(
        members
          .map(({ Name, Status, UnheardSince }) => [Name, Status, UnheardSince !== undefined])
          .filter(([name]) => name === rest.name),
        [[rest.name, 1, false]],
      )
      t.match(await levels(client), { statuses: /^200 ... 503$/ }, 'a client agent says the same')
      await until(
        'and of the members',
        async () => /^s1, s2, s3: not heard of since 20\S+Z/m.test((await client.cli('members')).out),
        30_000,
      )
      for (const other of others) await (how === 'pause' ? other.resume() : other.start())
      for (const agent of cluster.agents) await come(agent, '200 200 200')
      t.notMatch((await rest.cli('members')).out, 'not heard of')
    }
  },
)
