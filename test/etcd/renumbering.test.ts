import path from 'node:path'
import t, { type Test } from 'tap'
import { loopbackPlace, type Place } from '../support/place.js'
import { startNetwork } from '../support/net.js'
import { temporaryDirectory } from '../support/temporary-directory.js'
import { until } from '../support/until.js'
import { openRemoteChild, type RemoteChild } from './support/remote-child.js'

// Three clusters are formed and moved; each waits for elections.
t.setTimeout(110_000)

const names = ['n1', 'n2', 'n3'] as const
const directories = (t: Test): readonly string[] => names.map(() => path.join(temporaryDirectory(t), 'etcd'))

/** Three servers that vote, on three places. */
async function form(t: Test, places: readonly Place[], folders: readonly string[]): Promise<readonly RemoteChild[]> {
  const children = open(t, places, folders)
  const [first, ...others] = children
  if (first === undefined) throw new Error('no places')
  await first.start({ how: 'found' })
  await until('the first leads', async () => (await first.status()).leader !== '')
  for (const child of others) {
    const { member, members } = await first.addLearner(child.peerUrl)
    await child.start({ how: 'enter', members: members.map(({ name, peerUrls }) => ({ name, peerUrl: peerUrls[0] })) })
    await until('it votes', () => first.promote(member.id).then(() => true))
  }
  await until('all know all', async () =>
    (await Promise.all(children.map(child => child.members()))).every(
      members => members.length === 3 && members.every(({ learner, name }) => !learner && name !== ''),
    ),
  )
  return children
}

const open = (t: Test, places: readonly Place[], folders: readonly string[]): readonly RemoteChild[] =>
  places.map((place, at) => openRemoteChild(t, place, folders[at] ?? '', names[at] ?? ''))

/** Every server learns where the others are now, and the cluster has a quorum and the new addresses. */
async function meet(t: Test, children: readonly RemoteChild[], cluster: string): Promise<void> {
  await Promise.all(children.map(child => child.start({ how: 'again' })))
  for (const child of children) {
    for (const [at, other] of children.entries()) if (other !== child) await child.relocate(names[at] ?? '', other.raft)
  }
  const present = children.map(({ peerUrl }) => peerUrl).sort()
  await until(
    'the cluster knows every new address',
    async () => {
      const lists = await Promise.all(children.map(child => child.members()))
      return lists.every(
        members =>
          members
            .flatMap(({ peerUrls }) => peerUrls)
            .sort()
            .join() === present.join(),
      )
    },
    25_000,
  )
  for (const child of children) {
    const status = await until(
      'there is a leader',
      async () => {
        const status = await child.status()
        return status.leader !== '' && status
      },
      25_000,
    )
    t.equal(status.cluster, cluster)
  }
}

void t.test('three servers on other addresses of one machine, their former ones still there', async t => {
  const folders = directories(t)
  const before = await form(t, await Promise.all(names.map(() => loopbackPlace())), folders)
  const { cluster } = (await before[0]?.status()) ?? { cluster: '' }
  await Promise.all(before.map(child => child.stop()))
  const moved = open(t, await Promise.all(names.map(() => loopbackPlace())), folders)
  await meet(t, moved, cluster)

  await Promise.all(moved.map(child => child.stop()))
  await Promise.all(moved.map(child => child.start({ how: 'again' })))
  await until('they run', async () =>
    (await Promise.all(moved.map(child => child.state()))).every(state => state === 'running'),
  )
  t.same(
    ((await moved[0]?.lines()) ?? []).filter(({ message }) => message.startsWith('addresses of servers have changed'))
      .length,
    1,
    'the next start needs no bridge',
  )
})

void t.test('three servers whose agents were killed while their etcds lived', async t => {
  const folders = directories(t)
  const before = await form(t, await Promise.all(names.map(() => loopbackPlace())), folders)
  const { cluster } = (await before[0]?.status()) ?? { cluster: '' }
  await Promise.all(before.map(child => child.kill()))
  await meet(t, open(t, await Promise.all(names.map(() => loopbackPlace())), folders), cluster)
})

void t.test(
  'three machines with other addresses, their former ones gone',
  { skip: process.getuid?.() === 0 ? false : 'network namespaces need root' },
  async t => {
    const network = await startNetwork(t, 3)
    const folders = directories(t)
    const before = await form(t, network.hosts, folders)
    const { cluster } = (await before[0]?.status()) ?? { cluster: '' }
    await Promise.all(before.map(child => child.stop()))
    await Promise.all(before.map(child => child.kill()))
    const moved: Place[] = []
    for (const host of [...network.hosts]) moved.push(await network.readdress(host))
    await meet(t, open(t, moved, folders), cluster)
  },
)
