import t from 'tap'
import { isWorking, next, type SyncEvent, type SyncState } from '../../src/agent/sync-state.js'

const states: readonly SyncState[] = ['idle', 'full', 'pushing', 'behind', 'trying', 'stopped']
const events: readonly SyncEvent[] = ['full-due', 'changes-due', 'succeeded', 'failed', 'stop']

t.test('the whole table', async t => {
  const table = Object.fromEntries(states.map(state => [state, events.map(event => next(state, event)).join(' ')]))
  t.same(table, {
    idle: 'full pushing idle idle stopped',
    full: 'full full idle behind stopped',
    pushing: 'pushing pushing idle behind stopped',
    behind: 'full trying behind behind stopped',
    trying: 'trying trying full behind stopped',
    stopped: 'stopped stopped stopped stopped stopped',
  })
})

t.test('work that ends is never followed by the same work of itself', async t => {
  for (const state of states.filter(isWorking)) t.notSame(next(state, 'succeeded'), state)
  for (const state of states.filter(isWorking)) t.equal(isWorking(next(state, 'failed')), false)
})
