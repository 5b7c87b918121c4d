import t from 'tap'
import { becomeOwner, isHeld, parseOwner, release, systemProcesses } from '../../src/store/owner.js'
import type { Owner, ProcessTable } from '../../src/store/owner.js'

const table = (overrides: Partial<ProcessTable>): ProcessTable => ({
  pid: 10,
  boot: () => 'boot-1',
  started: () => '500',
  lives: () => true,
  ...overrides,
})

void t.test('who still holds a directory', t => {
  const record: Owner = { pid: 20, token: 'x', boot: 'boot-1', started: '500' }
  const cases: [string, Owner, ProcessTable, boolean][] = [
    ['a living process', record, table({}), true],
    ['a dead one', record, table({ lives: () => false }), false],
    ['another one with its pid', record, table({ started: () => '501' }), false],
    ['one of before the last boot', record, table({ boot: () => 'boot-2' }), false],
    ['an earlier one with our own pid', { ...record, pid: 10 }, table({}), false],
    [
      'a living one, where the system tells no start times',
      { pid: 20, token: 'x' },
      table({ boot: () => undefined, started: () => undefined }),
      true,
    ],
  ]
  for (const [name, owner, processes, held] of cases) t.equal(isHeld(owner, processes), held, name)
  t.end()
})

void t.test('this process', t => {
  const owner = becomeOwner(systemProcesses)
  t.equal(owner.pid, process.pid)
  t.equal(isHeld(owner, systemProcesses), true)
  t.same(parseOwner(JSON.stringify(owner)), owner)
  release(owner)
  t.equal(isHeld(owner, systemProcesses), false)
  t.equal(systemProcesses.lives(process.pid), true)
  t.equal(systemProcesses.lives(2 ** 30), false)
  t.end()
})

void t.test('what is no owner record', t => {
  for (const text of ['', 'x', 'null', '[]', '{}', '{"pid":"1","token":"x"}', '{"pid":1}'])
    t.equal(parseOwner(text), undefined, text)
  t.end()
})
