import t from 'tap'
import { readStanding, serverStanding, serverUnheard, type ServerFacts } from '../../../src/cluster/index.js'
import { Quorum } from '../../../src/cluster/membership/quorum.js'
import { FakeClock } from '../../support/fake-clock.js'
import { serverInfo } from './samples.js'

const now = Date.parse('2026-01-02T03:04:05Z')
const facts: ServerFacts = {
  state: { phase: 'member', cluster: 'c' },
  led: true,
  silence: 300,
  loaded: true,
  full: false,
  now,
  heard: ['a'],
}

t.test('how a server among others stands', async t => {
  const cases: readonly [what: string, facts: Partial<ServerFacts>, reason: RegExp | undefined, unheard: boolean][] = [
    ['all is well', {}, undefined, false],
    [
      'it waits for others',
      {
        state: { phase: 'waiting', expect: 3, known: [serverInfo('s1', '1')] },
        led: false,
        silence: undefined,
        loaded: false,
      },
      /1 of the 3 servers/,
      false,
    ],
    [
      'it enters',
      { state: { phase: 'entering' }, led: false, silence: undefined, loaded: false },
      /becoming part/,
      false,
    ],
    ['it has left', { state: { phase: 'left' }, led: false }, /has left/, false],
    [
      'no leader, although a majority answered a moment ago',
      { led: false },
      /no leader: a majority of the servers was last heard 2026-01-02T03:04:04\.700Z/,
      true,
    ],
    ['a leader that hears no majority', { silence: 4000 }, /last heard 2026-01-02T03:04:01\.000Z/, true],
    ['almost', { silence: 3999 }, undefined, false],
    [
      'a restart without the others',
      { led: false, silence: undefined, loaded: false },
      /has not answered since the start/,
      true,
    ],
    ["an etcd of someone else's is gone", { state: undefined, silence: 60_000 }, /the etcd was last heard/, true],
    ['it is about to load', { loaded: false }, /being loaded/, false],
    ['etcd is full', { full: true }, /space quota/, false],
  ]
  for (const [what, given, reason, unheard] of cases) {
    const standing = serverStanding({ ...facts, ...given })
    if (standing.writable) t.equal(reason, undefined, what)
    else {
      t.match(standing.reason, reason ?? /never/, what)
      t.ok(standing.hint.length > 10 && standing.serving === (given.loaded ?? true), `${what}: what to do`)
    }
    t.same(readStanding(JSON.parse(JSON.stringify(standing))), standing, `${what}: what another agent reads`)
    t.equal(serverUnheard({ ...facts, ...given }) !== undefined, unheard, `${what}: the members`)
  }
  t.same(serverUnheard({ ...facts, silence: 10_000 }), { since: now - 10_000, heard: ['a'] })
  t.throws(() => readStanding({ writable: false }), { code: 'CLUSTER_MESSAGE' })
})

t.test('a majority is asked once a second, and one question at a time', async t => {
  const clock = new FakeClock()
  const asked: ((answered: boolean) => void)[] = []
  const quorum = new Quorum({
    clock,
    ask: () =>
      new Promise<void>((resolve, reject) => {
        asked.push(answered => {
          if (answered) resolve()
          else reject(new Error('no leader'))
        })
      }),
  })
  t.teardown(() => {
    quorum.close()
  })
  const turn = (): Promise<void> =>
    new Promise(resolve => {
      setImmediate(resolve)
    })
  quorum.start()
  t.same([asked.length, quorum.silence], [1, undefined])
  asked[0]?.(true)
  await turn()
  t.equal(quorum.silence, 0)
  await clock.advance(1000)
  await turn()
  t.same([asked.length, quorum.silence], [2, 1000])
  await clock.advance(9000)
  await turn()
  t.same([asked.length, quorum.silence], [2, 10_000], 'nobody has answered the second')
  asked[1]?.(false)
  await turn()
  await clock.advance(1000)
  await turn()
  t.same([asked.length, quorum.silence], [3, 11_000])
  quorum.close()
  asked[2]?.(true)
  await turn()
  await clock.advance(5000)
  await turn()
  t.equal(asked.length, 3, 'closed, it asks no more')
})
