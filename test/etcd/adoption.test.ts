import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { loopbackPlace } from '../support/place.js'
import { temporaryDirectory } from '../support/temporary-directory.js'
import { until } from '../support/until.js'
import { caught, livingPid, openChild } from './support/child.js'
import { openRemoteChild } from './support/remote-child.js'

void t.test('an agent is killed: its etcd lives, and the next agent goes on with it', async t => {
  const directory = path.join(temporaryDirectory(t), 'etcd')
  const place = await loopbackPlace()
  const remote = openRemoteChild(t, place, directory, 'n1')
  await remote.start({ how: 'found' })
  await until('it runs', async () => (await remote.state()) === 'running')
  const { cluster } = await remote.status()
  const pid = livingPid(directory)
  const next = await openChild(t, { directory, address: place.address })
  t.match(
    await caught(next.process.start({ how: 'again' })),
    { code: 'ETCD_LOCKED', hint: /stop that agent/ },
    'two agents never share a directory',
  )
  const written = (): readonly string[] => fs.readFileSync(path.join(directory, 'etcd.log'), 'utf8').trim().split('\n')
  await until('all that etcd has said is heard', async () => {
    const { length } = written()
    return (await remote.lines()).length >= length
  })
  await remote.kill()
  t.equal(livingPid(directory), pid, 'etcd lives')

  await next.process.start({ how: 'again' })
  await until('it runs', () => next.process.state === 'running')
  t.equal(livingPid(directory), pid, 'the very same process')
  t.equal((await next.process.admin.status()).cluster, cluster)
  await next.process.admin.disarm()
  const messages = new Set(next.log.lines.map(({ message }) => message))
  t.notOk(messages.has('starting an etcd server'), 'what the agent before has heard is not told again')

  process.kill(pid ?? 0, 'SIGKILL')
  await until(
    'it is started again',
    () => livingPid(directory) !== undefined && livingPid(directory) !== pid && next.process.state === 'running',
  )
  t.match(next.log.messages('error'), ['etcd has ended and is started again'])
  await next.process.stop()
  t.equal(livingPid(directory), undefined)
  t.equal(next.log.lines.filter(({ message }) => message === 'closed etcd server').length, 1, 'heard to its last line')
})

void t.test('an etcd that runs otherwise than it should is ended and started anew', async t => {
  const directory = path.join(temporaryDirectory(t), 'etcd')
  const place = await loopbackPlace()
  const remote = openRemoteChild(t, place, directory, 'n1')
  await remote.start({ how: 'found' })
  await until('it runs', async () => (await remote.state()) === 'running')
  const pid = livingPid(directory)
  await remote.kill()
  const moved = await loopbackPlace()
  const next = await openChild(t, { directory, address: moved.address, raftMultiplier: 1 })
  await next.process.start({ how: 'again' })
  await until('it runs', () => next.process.state === 'running')
  t.not(livingPid(directory), pid)
  t.match(
    await until('the cluster knows the new address', async () => {
      const members = await next.process.admin.members(false)
      return members[0]?.peerUrls[0] === next.process.peerUrl && members
    }),
    [{ name: 'n1', peerUrls: [next.process.peerUrl] }],
  )
})

void t.test('an etcd whose agent was killed is ended when the data is to be thrown away', async t => {
  const directory = path.join(temporaryDirectory(t), 'etcd')
  const place = await loopbackPlace()
  const remote = openRemoteChild(t, place, directory, 'n1')
  await remote.start({ how: 'found' })
  await remote.kill()
  const next = await openChild(t, { directory, address: place.address })
  t.throws(
    () => {
      next.process.discard()
    },
    { code: 'ETCD_FAILED' },
    'not under an etcd that runs',
  )
  await next.process.start({ how: 'again' })
  await next.process.stop()
  next.process.discard()
  t.equal(livingPid(directory), undefined)
  await next.process.start({ how: 'found' })
})
