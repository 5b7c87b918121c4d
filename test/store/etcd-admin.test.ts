import t from 'tap'
import { milliseconds } from '../../src/common/duration.js'
import { openEtcdAdmin } from '../../src/store/index.js'
import { startEtcd, startEtcdCluster } from '../support/etcd.js'
import { until } from '../support/until.js'

void t.test('tells about a cluster and changes its members', async t => {
  const etcd = await startEtcd(t)
  for (const [turn, endpoint] of [etcd.endpoint, etcd.socket].entries()) {
    const admin = openEtcdAdmin({ endpoints: [endpoint] })
    t.teardown(() => {
      admin.close()
    })
    const status = await until('it leads', async () => {
      const status = await admin.status()
      return status.leader !== '' && status
    })
    t.match(status, { leader: status.member, learner: false, version: /^3\./, alarms: [] })
    t.match(status.member, /^[0-9a-f]+$/)
    t.ok(status.term > 0 && status.raftIndex > 0 && status.appliedIndex > 0 && status.size > 0 && status.revision === 1)
    const alone = { id: status.member, name: 'm1', peerUrls: [etcd.peerUrl], learner: false }
    t.same(await admin.members(true), [alone])
    const [before, after] = [`http://127.0.0.1:${9 + turn}`, 'http://127.0.0.1:19']
    const { member, members } = await admin.addLearner([before])
    t.match(member, { name: '', peerUrls: [before], learner: true })
    t.same(new Set(members.map(({ id }) => id)), new Set([status.member, member.id]))
    await t.rejects(admin.promote(member.id), { code: 'STORE_REFUSED', message: /learner/ })
    await admin.update(member.id, [after])
    t.same((await admin.members(false)).find(({ id }) => id === member.id)?.peerUrls, [after])
    await admin.remove(member.id)
    await t.rejects(admin.remove(member.id), { code: 'STORE_REFUSED' })
    await admin.disarm()
    await admin.defragment()
    t.same(await admin.members(true), [alone])
  }
})

void t.test('reports the server that does not answer, and tries the next', async t => {
  const etcd = await startEtcd(t)
  const admin = openEtcdAdmin(
    { endpoints: ['http://127.0.0.1:9', 'unix:///nowhere/at/all', etcd.endpoint] },
    { timeout: milliseconds(1000) },
  )
  t.teardown(() => {
    admin.close()
  })
  await t.rejects(admin.status(), { code: 'STORE_UNREACHABLE', message: /127\.0\.0\.1:9/ })
  await t.rejects(admin.members(false), { code: 'STORE_UNREACHABLE' })
  t.equal((await admin.members(false)).length, 1)
})

void t.test('says that there is no quorum, and moves the leader', async t => {
  const [one, two] = await startEtcdCluster(t, 2)
  if (one === undefined || two === undefined) throw new Error('two were asked for')
  const [admin, other] = [one, two].map(({ endpoint }) =>
    openEtcdAdmin({ endpoints: [endpoint] }, { timeout: milliseconds(2000) }),
  )
  if (admin === undefined || other === undefined) throw new Error('two were asked for')
  t.teardown(() => {
    admin.close()
    other.close()
  })
  const { leader } = await until('there is a leader', async () => {
    const status = await admin.status()
    return status.leader !== '' && status
  })
  const [leading, following] = (await admin.status()).member === leader ? [admin, other] : [other, admin]
  const to = (await following.status()).member
  await leading.moveLeader(to)
  await until('the other leads', async () => (await admin.status()).leader === to)
  await two.stop('SIGKILL')
  await until('the leader is lost', async () => (await admin.status()).leader === '')
  t.equal((await admin.members(false)).length, 2, 'what it knows itself')
  await t.rejects(admin.members(true), { code: 'STORE_NO_LEADER', status: 500, message: 'No cluster leader' })
  await t.rejects(admin.remove(to), { code: 'STORE_NO_LEADER' })
})
