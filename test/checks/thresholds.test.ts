import fc from 'fast-check'
import t from 'tap'
import { count, fullCounts } from '../../src/checks/thresholds.js'
import type { CheckResult } from '../../src/checks/index.js'

const results: Readonly<Record<string, CheckResult>> = {
  p: { status: 'passing', output: '' },
  w: { status: 'warning', output: '' },
  c: { status: 'critical', output: '' },
  C: { status: 'critical', output: '', bypassThresholds: true },
}

/** Feeds results by letter; gives the reported status of each by letter, `-` for none. */
function reported(sequence: string, success: number, critical: number, warning = 0): string {
  let counts = fullCounts
  let out = ''
  for (const letter of sequence) {
    const result = results[letter]
    if (result === undefined) throw new Error(letter)
    const step = count(
      { successBeforePassing: success, failuresBeforeCritical: critical, failuresBeforeWarning: warning },
      counts,
      result,
    )
    counts = step.counts
    out += step.report?.charAt(0) ?? '-'
  }
  return out
}

for (const [name, sequence, expected, success, critical, warning] of [
  ['without thresholds each result counts', 'pcwpc', 'pcwpc', 0, 0, 0],
  ['one is the same as none', 'pcwpc', 'pcwpc', 1, 1, 1],
  ['the first result always counts, critical', 'cccc', 'cccc', 0, 3, 0],
  ['the first result always counts, passing', 'pp', 'pp', 5, 0, 0],
  ['failures in a row', 'pcccc', 'p--cc', 0, 3, 0],
  ['a success starts the failures afresh', 'pccpccc', 'p--p--c', 0, 3, 0],
  ['successes in a row, warnings are some', 'cpwp', 'c--p', 3, 0, 0],
  ['a failure starts the successes afresh', 'cppcppp', 'c--c--p', 3, 0, 0],
  ['a warning stage before critical', 'pccccc', 'p-wwcc', 0, 4, 2],
  ['a warning stage above the critical one never shows', 'pccc', 'p-cc', 0, 2, 5],
  ['bypassing counts at once', 'pCpcC', 'pcp-c', 0, 3, 0],
] as const) {
  void t.test(name, t => {
    t.equal(reported(sequence, success, critical, warning), expected)
    t.end()
  })
}

void t.test('a check never turns critical before enough failures, nor passing before enough successes', t => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('p', 'w', 'c'), { minLength: 1, maxLength: 60 }),
      fc.nat(5),
      fc.nat(5),
      (letters, success, critical) => {
        const out = reported(letters.join(''), success, critical)
        return [...out].every((report, i) => {
          if (report === '-' || i === 0) return true
          const failing = report === 'c'
          const needed = Math.max(1, failing ? critical : success)
          const run = letters.slice(0, i + 1)
          const sameSort = run.length - 1 - run.findLastIndex(letter => (letter === 'c') !== failing)
          // Full counters: until the first result of the other sort, everything applies at once.
          return sameSort >= needed || sameSort === run.length
        })
      },
    ),
  )
  t.end()
})
