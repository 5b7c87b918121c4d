import t from 'tap'
import type { LeaseMark } from '../../../src/catalog/index.js'
import { raftElection } from '../../../src/cluster/membership/election.js'
import { openCatalog } from '../../catalog/samples.js'
import { serverInfo } from './samples.js'

const [s1, s2, s3] = [1, 2, 3].map(n => serverInfo(`s${n}`, String(n), { address: `127.0.0.${n}` })) as [
  ReturnType<typeof serverInfo>,
  ReturnType<typeof serverInfo>,
  ReturnType<typeof serverInfo>,
]

void t.test('who does the work of which there is one, where Raft elects', async t => {
  const { catalog } = await openCatalog(t)
  const mark = {} as LeaseMark
  for (const [leader, living, self, expected] of [
    ['', [s1, s2, s3], s1, undefined],
    ['127.0.0.2:8300', [s1, s2, s3], s1, s2],
    ['127.0.0.2:8300', [s1, s2, s3], s2, s2],
    // It leads, and has not spoken up yet.
    ['127.0.0.2:8300', [s1, s3], s2, s2],
    // Its agent is gone, its etcd leads on.
    ['127.0.0.2:8300', [s1, s3], s1, s1],
    ['127.0.0.2:8300', [s1, s3], s3, s1],
    ['127.0.0.1:8300', [s2, s3], s3, s2],
    ['127.0.0.2:8300', [], s3, s2],
    // A leader that formation does not know yet.
    ['127.0.0.9:8300', [s1, s3], s1, s1],
  ] as const) {
    const election = raftElection(
      { leader: { address: leader, self: leader === `${self.address}:8300` }, servers: () => [s3, s2, s1] } as never,
      new Proxy(catalog, {
        get: (_, name) =>
          name === 'aliveMarks'
            ? { get: (id: string) => (living.some(one => one.id === id) ? mark : undefined) }
            : true,
      }),
      () => self,
    )
    const what = `${leader} leads, ${living.map(({ name }) => name).join()} live, ${self.name} looks`
    t.equal(election.self, expected?.id === self.id, what)
    t.equal(election.address(), expected === undefined ? '' : `${expected.address}:8301`, what)
    t.equal(election.leader(), leader)
  }
})
