import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { parseLine } from '../../src/etcd/log-line.js'
import { milliseconds } from '../../src/common/duration.js'
import { openEtcdStore } from '../../src/store/index.js'
import { killAll, processesOf } from '../support/processes.js'
import { RecordingMetrics } from '../support/recording-metrics.js'
import { until } from '../support/until.js'
import { caught, livingPid, newcomer, openChild } from './support/child.js'

void t.test(
  'a member of its own: found, stopped, started again, its socket and directory closed to others',
  async t => {
    const metrics = new RecordingMetrics()
    const etcd = await openChild(t, { metrics })
    t.equal(etcd.process.hasData, false)
    t.equal(etcd.process.state, 'stopped')
    await etcd.process.start({ how: 'found' })
    t.equal(etcd.process.hasData, true)
    await until('it runs', () => etcd.process.state === 'running')
    const status = await etcd.process.admin.status()
    t.equal(status.leader, status.member)
    t.same(etcd.states, ['starting', 'running'])
    t.equal(fs.statSync(etcd.directory).mode & 0o777, 0o700)
    t.match(
      await until('the member is remembered', () => etcd.process.lastMembers.length > 0 && etcd.process.lastMembers),
      [{ name: 'n1', peerUrls: [etcd.process.peerUrl] }],
    )
    t.match(await caught(etcd.process.start({ how: 'again' })), { code: 'ETCD_FAILED' }, 'it runs already')
    t.throws(
      () => {
        etcd.process.discard()
      },
      { code: 'ETCD_FAILED' },
    )

    await etcd.process.stop()
    t.equal(etcd.process.state, 'stopped')
    t.equal(livingPid(etcd.directory), undefined)
    await etcd.process.start({ how: 'again' })
    await until('it runs again', () => etcd.process.state === 'running')
    t.match(await etcd.process.admin.status(), { member: status.member, cluster: status.cluster })

    await etcd.process.stop()
    etcd.process.discard()
    t.equal(etcd.process.hasData, false)
    t.same(etcd.process.lastMembers, [])
    t.match(await caught(etcd.process.start({ how: 'again' })), { code: 'ETCD_FAILED', message: /no data/ })
    await etcd.process.start({ how: 'found' })
    t.not(
      (
        await until(
          'the new one runs',
          async () => etcd.process.state === 'running' && (await etcd.process.admin.status()),
        )
      ).cluster,
      status.cluster,
      'another cluster',
    )
    await etcd.process.stop()
    etcd.process.discard()
    t.same(
      fs.readdirSync(etcd.directory).filter(name => name.startsWith('former-')),
      ['former-2'],
      'one former copy is kept',
    )
  },
)

void t.test('what it takes it can read again: larger transactions are refused', async t => {
  const etcd = await openChild(t)
  await etcd.process.start({ how: 'found' })
  const store = openEtcdStore({
    connection: { endpoints: [etcd.process.endpoint] },
    prefix: 'p/',
    holdTimeout: milliseconds(5000),
  })
  t.teardown(() => store.close())
  const put = (size: number) =>
    store.commit({ when: [], then: [{ kind: 'put', key: 'k', value: Buffer.alloc(size, 'x') }] })
  let size = 10 * 1024 * 1024
  t.match(await caught(put(size)), { code: 'STORE_TOO_LARGE', status: 413 })
  // The largest one that it takes, to a kilobyte.
  while (
    await put(size).then(
      () => false,
      () => true,
    )
  )
    size -= 1024
  t.ok(size > 10_400_000)
  killAll(processesOf(etcd.directory, 'etcd'))
  await etcd.process.stop()
  await etcd.process.start({ how: 'again' })
  await until('it runs again', () => etcd.process.state === 'running')
  t.equal((await until('it is read', () => store.load().catch(() => undefined))).entries[0]?.value.length, size)
})

void t.test('etcd ends when its directory is moved away or replaced, since its writes would be lost', async t => {
  const etcd = await openChild(t)
  await etcd.process.start({ how: 'found' })
  await until('it runs', () => etcd.process.state === 'running')
  const pid = livingPid(etcd.directory)
  const away = `${etcd.directory}.away`
  fs.renameSync(etcd.directory, away)
  fs.mkdirSync(etcd.directory)
  fs.copyFileSync(path.join(away, 'owner.json'), path.join(etcd.directory, 'owner.json'))
  await until('it has ended', () => etcd.process.state === 'failed')
  t.ok(pid)
  t.equal(livingPid(etcd.directory), undefined)
  t.match(etcd.log.lines.find(({ level }) => level === 'error')?.fields, {
    reason: /its directory was removed, moved away or replaced/,
    hint: /put the directory back/,
  })
  await etcd.process.stop()
  t.ok(fs.existsSync(path.join(etcd.directory, 'owner.json')), 'what stands in its place is not touched')
  fs.rmSync(etcd.directory, { recursive: true })
  fs.renameSync(away, etcd.directory)
  await etcd.process.start({ how: 'again' })
  await until('it goes on', () => etcd.process.state === 'running')
})

void t.test('the list of members is written as soon as it can be', async t => {
  const etcd = await openChild(t)
  const inTheWay = path.join(etcd.directory, 'members.json.tmp')
  fs.mkdirSync(inTheWay)
  await etcd.process.start({ how: 'found' })
  await until('that it failed is told', () =>
    etcd.log.messages('warn').includes('cannot keep the list of members, trying again until it is kept'),
  )
  fs.rmdirSync(inTheWay)
  t.match(
    JSON.parse(await until('it is there', () => fs.readFileSync(path.join(etcd.directory, 'members.json'), 'utf8'))),
    [{ name: 'n1' }],
  )
  t.equal(etcd.log.messages('warn').filter(message => message.includes('list of members')).length, 1, 'said once')
})

void t.test('its log is heard: detail at debug, errors as they are, every line once', async t => {
  const etcd = await openChild(t)
  await etcd.process.start({ how: 'found' })
  await until('it runs', () => etcd.process.state === 'running')
  await etcd.process.stop()
  const logged = fs
    .readFileSync(path.join(etcd.directory, 'etcd.log'), 'utf8')
    .trim()
    .split('\n')
    .map(line => parseLine(line).message)
  t.ok(logged.length > 20)
  t.same(
    etcd.log.lines.filter(({ message }) => logged.includes(message)).map(({ message }) => message),
    logged,
  )
  t.same(
    etcd.log.lines.filter(({ level }) => level === 'error'),
    [],
  )
  t.same(
    etcd.log.lines
      .filter(({ message }) => message === 'simple token is not cryptographically signed')
      .map(({ level }) => level),
    ['debug'],
  )
})

void t.test('a second server enters as a learner, is promoted, and ends for good when it is removed', async t => {
  const first = await openChild(t)
  await first.process.start({ how: 'found' })
  const { second, id } = await newcomer(t, first)
  await first.process.admin.promote(id)
  await until('both vote', async () => (await second.process.admin.members(false)).every(({ learner }) => !learner))
  await until('it remembers both', () => second.process.lastMembers.length === 2)
  await first.process.admin.remove(id)
  await until('it knows that it was removed', () => second.process.state === 'removed')
  t.equal(livingPid(second.directory), undefined, 'it is not started again')
  t.same(second.log.messages('error'), [])
  // The others tell it while it starts, or as soon as it runs.
  const refused: unknown = await second.process.start({ how: 'again' }).then(
    () => undefined,
    (error: unknown) => error,
  )
  t.match(refused ?? { code: 'ETCD_REMOVED' }, { code: 'ETCD_REMOVED' })
  await until('it is told again that it was removed', () => second.process.state === 'removed')
  await second.process.stop()
  second.process.discard()
  const again = await newcomer(t, first, second)
  t.ok(again.id, 'it enters afresh')
})

void t.test('a member that waits for a quorum is up, and tells how far it has come', async t => {
  const first = await openChild(t)
  await first.process.start({ how: 'found' })
  const { second, id } = await newcomer(t, first)
  await first.process.admin.promote(id)
  const before = await second.process.admin.status()
  await second.process.stop()
  await first.process.stop()
  await second.process.start({ how: 'again' })
  t.equal(second.process.state, 'starting')
  const status = await second.process.admin.status()
  t.match(status, { leader: '', member: before.member, cluster: before.cluster, learner: false })
  t.ok(status.raftIndex >= before.raftIndex && status.term >= before.term)
  await until(
    'it has read its log',
    async () =>
      (await second.process.admin.members(false))
        .map(({ name }) => name)
        .sort()
        .join() === 'n1,n2',
  )
  await second.process.stop()
  await second.process.start({ how: 'alone' })
  await until('it goes on alone', () => second.process.state === 'running')
  await until('it leads', async () => (await second.process.admin.status()).leader !== '')
  t.same(
    (await second.process.admin.members(true)).map(({ name }) => name),
    ['n2'],
  )
  await until(
    'under its own address',
    async () => (await second.process.admin.members(true))[0]?.peerUrls[0] === second.process.peerUrl,
  )
})

void t.test('a crash: started again, reported with what it said last', async t => {
  const metrics = new RecordingMetrics()
  const etcd = await openChild(t, { metrics })
  await etcd.process.start({ how: 'found' })
  await until('it runs', () => etcd.process.state === 'running')
  const { cluster } = await etcd.process.admin.status()
  for (let round = 1; round <= 2; round++) {
    const pid = livingPid(etcd.directory) ?? 0
    process.kill(pid, 'SIGKILL')
    await until(
      'another one runs',
      () =>
        etcd.process.state === 'running'
        && livingPid(etcd.directory) !== pid
        && livingPid(etcd.directory) !== undefined,
    )
    t.equal((await etcd.process.admin.status()).cluster, cluster)
    t.equal(metrics.values.get('etcd.restarts'), round)
  }
  const reports = etcd.log.lines.filter(({ message }) => message === 'etcd has ended and is started again')
  t.same(
    reports.map(({ fields }) => fields.after),
    [0.1, 0.2],
    'the wait doubles',
  )
  t.match(reports[0]?.fields, { reason: 'it was ended by SIGKILL' })
  t.ok((reports[0]?.fields.lines as readonly string[]).length > 0)
})

void t.test('damaged data: not started again, with what to do', async t => {
  const etcd = await openChild(t)
  await etcd.process.start({ how: 'found' })
  await until('it runs', () => etcd.process.state === 'running')
  await etcd.process.stop()
  const file = path.join(etcd.directory, 'data', 'member', 'snap', 'db')
  const bytes = fs.readFileSync(file)
  bytes.fill(0x5a, 0, 8192)
  fs.writeFileSync(file, bytes)
  t.match(await caught(etcd.process.start({ how: 'again' })), {
    code: 'ETCD_FAILED',
    message: /its data is damaged/,
    hint: /moves its data aside/,
  })
  t.equal(etcd.process.state, 'failed')
  t.equal(livingPid(etcd.directory), undefined)
})

void t.test('a port in use is named, and a later start works', async t => {
  const one = await openChild(t)
  await one.process.start({ how: 'found' })
  const other = await openChild(t, { address: one.address })
  t.match(await caught(other.process.start({ how: 'found' })), { code: 'ETCD_FAILED', message: /port is in use/ })
  await one.process.stop()
  await other.process.start({ how: 'found' })
  t.equal(other.process.hasData, true)
})
