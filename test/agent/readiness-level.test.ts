import t from 'tap'
import type { Readiness } from '../../src/agent/api.js'
import { readinessLevels, readyAt, type ReadinessFacts } from '../../src/agent/readiness-level.js'

const ready: Readiness = { ready: true }
const starting: Readiness = { ready: false, reason: 'the agent is starting' }
const syncing: Readiness = { ready: false, reason: 'not in the catalog yet', restored: true }
const writable = { writable: true } as const
const cutOff = { writable: false, serving: true, reason: 'no leader', hint: 'start them' } as const
const blind = { writable: false, serving: false, reason: 'nobody answers', hint: 'start one' } as const

t.test('how far an agent has come', async t => {
  const cases: readonly [what: string, facts: ReadinessFacts, started: string, serving: string, writable: string][] = [
    ['all is well', { agent: ready, alone: false, loaded: true, standing: writable }, 'yes', 'yes', 'yes'],
    [
      'its files are being read',
      { agent: starting, alone: false, loaded: true, standing: writable },
      'the agent is starting',
      'the agent is starting',
      'the agent is starting',
    ],
    [
      'it leaves',
      { agent: { ready: false, reason: 'leaving' }, alone: false, loaded: true, standing: writable },
      'leaving',
      'leaving',
      'leaving',
    ],
    [
      'the first server of three',
      { agent: syncing, alone: false, loaded: false, standing: blind },
      'yes',
      'nobody answers',
      'nobody answers',
    ],
    [
      'it is part of a cluster, whose catalog it loads',
      { agent: syncing, alone: false, loaded: false, standing: writable },
      'yes',
      'the catalog is being loaded',
      'the catalog is being loaded',
    ],
    [
      'its own entries are on their way',
      { agent: syncing, alone: false, loaded: true, standing: writable },
      'yes',
      'yes',
      'not in the catalog yet',
    ],
    [
      'the same where nobody else has them',
      { agent: syncing, alone: true, loaded: true, standing: writable },
      'yes',
      'not in the catalog yet',
      'not in the catalog yet',
    ],
    ['the majority is gone', { agent: ready, alone: false, loaded: true, standing: cutOff }, 'yes', 'yes', 'no leader'],
    [
      'a client agent without a server',
      { agent: ready, alone: false, loaded: true, standing: blind },
      'yes',
      'nobody answers',
      'nobody answers',
    ],
    ['its disk is full', { agent: ready, alone: true, loaded: true, standing: cutOff }, 'yes', 'yes', 'no leader'],
  ]
  for (const [what, facts, ...expected] of cases) {
    const found = readinessLevels.map(level => {
      const answer = readyAt(level, facts)
      return answer.ready ? 'yes' : answer.reason
    })
    t.same(found, expected, what)
  }
  t.match(readyAt('writable', { agent: ready, alone: false, loaded: true, standing: cutOff }), { hint: 'start them' })
})
