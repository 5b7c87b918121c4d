#!/usr/bin/env node
// Runs tests with V8's coverage and says which lines of src/ they reached, those of agents that they started included.
// A report to look things up in, not a threshold: `npm test` runs without it.
//   npm run coverage                             every test
//   npm run coverage -- test/dns/names.test.ts   these files only
// The table goes to the terminal, coverage/index.html shows the lines. The exit code is that of the tests.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

process.chdir(path.join(path.dirname(fileURLToPath(import.meta.url)), '..'))
// Not below build/, which building empties.
const measured = fs.mkdtempSync('.coverage-')
process.once('exit', () => {
  fs.rmSync(measured, { recursive: true, force: true })
})
fs.rmSync('coverage', { recursive: true, force: true })
const tests = spawnSync(process.execPath, ['tools/test.mjs', ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, NODE_V8_COVERAGE: path.resolve(measured) },
})
const report = spawnSync(
  'node_modules/.bin/c8',
  [
    'report',
    '--temp-directory',
    measured,
    '--reports-dir',
    'coverage',
    // The tests run compiled files; what counts is the source that their maps lead to.
    '--exclude-after-remap',
    '--include',
    'src/**',
    '--exclude',
    'src/generated/**',
    '--reporter',
    'text',
    '--reporter',
    'html',
  ],
  { stdio: 'inherit' },
)
process.exitCode = tests.status !== 0 ? (tests.status ?? 1) : (report.status ?? 1)
