import t from 'tap'
import { heartbeatInterval, leaseTtl } from '../../../src/cluster/index.js'

void t.test('leases live longer in large clusters, by a step for each doubling', async t => {
  for (const [members, seconds] of [
    [0, 8],
    [1, 8],
    [128, 8],
    [129, 16],
    [256, 16],
    [257, 24],
    [512, 24],
    [1024, 32],
    [5000, 56],
  ] as const) {
    t.equal(leaseTtl(members), seconds * 1000, `${members} members`)
  }
  t.equal(heartbeatInterval(leaseTtl(1)), 8000 / 3)
})
