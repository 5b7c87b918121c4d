#!/usr/bin/env node
// Runs every test: sets up the system programs they need, builds, then runs the test files and replays the recorded
// conformance cases against the built agent, side by side and the longest first.
//   node tools/test.mjs                     everything
//   node tools/test.mjs test/dns/*.test.ts  these files only
//   node tools/test.mjs --long              everything, for longer: the cluster's history is recorded for 120 s
//   node tools/test.mjs --record            everything, and keeps how long each took in tools/test/durations.json
// HISTORY_SECONDS and HISTORY_SEED set how long the cluster's history is recorded under faults, and which faults: to
// replay a failure.
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureNamespaces, ensurePrograms, run } from './test/programs.mjs'
import { recordedCases } from './test/recorded-cases.mjs'
import { runTasks } from './test/schedule.mjs'
import { runTestFile } from './test/test-file.mjs'

process.chdir(path.join(path.dirname(fileURLToPath(import.meta.url)), '..'))

const durationsFile = 'tools/test/durations.json'

const args = process.argv.slice(2)
const only = args.filter(arg => !arg.startsWith('--'))
const measure = args.includes('--record')
process.env.HISTORY_SECONDS ??= args.includes('--long') ? '120' : '30'

ensurePrograms()
ensureNamespaces()
run('node', ['tools/build.mjs', '--tests'])
const tasks = (only.length > 0 ? only : allTestFiles()).map(file => ({
  name: file,
  run: () => runTestFile(file, path.join('build', file.replace(/\.ts$/, '.js')), { measure }),
}))
if (only.length === 0) tasks.push(...recordedCases().map(task => ({ ...task, run: () => task.run({ measure }) })))

const totals = { passed: 0, failed: 0 }
const failedTasks = []
const measured = {}
await runTasks(tasks, JSON.parse(fs.readFileSync(durationsFile, 'utf8')), (task, result) => {
  console.log(result.lines.join('\n'))
  totals.passed += result.passed
  totals.failed += result.failed
  if (result.failed > 0) failedTasks.push(task.name)
  measured[task.name] = [result.seconds, result.computing]
})
if (measure && only.length === 0) keepDurations()
if (failedTasks.length > 0) console.log(`\nfailed:\n${failedTasks.map(name => `  ${name}`).join('\n')}`)
console.log(`\n${totals.passed} passed, ${totals.failed} failed`)
process.exitCode = totals.failed === 0 && totals.passed > 0 ? 0 : 1

function allTestFiles() {
  return fs
    .readdirSync('test', { recursive: true })
    .map(name => path.join('test', String(name)))
    .filter(name => name.endsWith('.test.ts'))
    .sort()
}

/** Only what takes a while: the order of the rest does not matter. */
function keepDurations() {
  const lines = Object.entries(measured)
    .map(([name, [seconds, computing]]) => [name, seconds.toFixed(1), computing.toFixed(1)])
    .sort((a, b) => b[1] - a[1])
    .map(([name, seconds, computing]) => `  ${JSON.stringify(name)}: [${seconds}, ${computing}]`)
  fs.writeFileSync(durationsFile, `{\n${lines.join(',\n')}\n}\n`)
}
