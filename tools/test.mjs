#!/usr/bin/env node
// Runs every test: finds the system programs they need (and installs what is missing on Debian as root), builds, runs
// the test files with tap, then replays the recorded conformance cases against the built agent.
//   node tools/test.mjs                     everything
//   node tools/test.mjs test/dns/*.test.ts  these files only
// HISTORY_SECONDS and HISTORY_SEED set how long the cluster's history is recorded under faults, and which faults: to
// replay a failure.
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

process.chdir(path.join(path.dirname(fileURLToPath(import.meta.url)), '..'))

/**
 * Programs that tests start, and the Debian package that brings each; `test`: how to see that it is there, when its
 * being on the path is not enough.
 */
const programs = [
  { program: 'dig', package: 'bind9-dnsutils' },
  { program: 'curl', package: 'curl' },
  { program: 'openssl', package: 'openssl' },
  { program: 'etcd', package: 'etcd-server' },
  { program: 'etcdctl', package: 'etcd-client' },
  { program: 'ip', package: 'iproute2' },
  { program: 'iptables', package: 'iptables' },
  { program: 'haproxy', package: 'haproxy' },
  {
    program: "python3's module consul",
    package: 'python3-consul',
    test: () => spawnSync('/usr/bin/python3', ['-c', 'import consul']).status === 0,
  },
]

/** These take longest, so they begin first and the others run beside them. */
const longest = ['test/history/', 'test/clusters/']

/** The areas of the recorded cases that this version answers for. */
const areas = [
  'agent',
  'blocking',
  'catalog',
  'config',
  'coordinate',
  'dns',
  'event',
  'health',
  'kv',
  'operator',
  'query',
  'session',
  'snapshot',
  'txn',
]

/**
 * Recorded answers that muster gives otherwise on purpose: by file the steps, and why. A step that fails without
 * standing here fails the run, and so does one that stands here and passes.
 */
const decided = {
  // A restart makes nothing critical: the last report of a TTL check counts until its TTL has passed, also for a check
  // that a file declares.
  'config-maintenance.json': [5, 7, 8, 12],
}

ensurePrograms()
ensureNamespaces()
run('node', ['tools/build.mjs', '--tests'])
const only = process.argv.slice(2)
const files = (only.length > 0 ? only : testFiles('test')).map(file => path.join('build', file.replace(/\.ts$/, '.js')))
const tests = await runTap(files)
const cases = only.length > 0 ? { passed: 0, failed: 0 } : await runConformance()
const passed = tests.passed + cases.passed
const failed = tests.failed + cases.failed
console.log(`\n${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1

function ensurePrograms() {
  const missing = programs.filter(({ program, test }) => !(test === undefined ? onPath(program) : test()))
  if (missing.length === 0) return
  const packages = missing.map(entry => entry.package)
  const why = `the tests need ${missing.map(({ program }) => program).join(', ')}`
  if (process.getuid?.() !== 0 || !fs.existsSync('/etc/debian_version')) {
    console.error(
      `${why}: install ${packages.length > 1 ? 'the packages' : 'the package'} ${packages.join(' ')} and run npm test again`,
    )
    process.exit(1)
  }
  console.log(`${why}: installing ${packages.join(' ')}`)
  const quiet = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }
  run('apt-get', ['update', '-qq'], quiet)
  withoutServices(() => {
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], quiet)
  })
}

/** Debian starts an etcd of its own with the package etcd-server, unless this file says no. */
function withoutServices(install) {
  const policy = '/usr/sbin/policy-rc.d'
  if (fs.existsSync(policy)) return install()
  fs.writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  // run() ends the whole process when it fails.
  process.once('exit', () => {
    fs.rmSync(policy, { force: true })
  })
  install()
}

function onPath(program) {
  return [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'].some(folder =>
    fs.existsSync(path.join(folder, program)),
  )
}

/** Tests cut agents off from each other: each runs in a network namespace of its own. */
function ensureNamespaces() {
  process.env.PATH = `${process.env.PATH}:/usr/sbin:/sbin`
  const name = `muster-${process.pid}-probe`
  const { status, stderr, error } = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' })
  if (status === 0) {
    spawnSync('ip', ['netns', 'del', name])
    return
  }
  console.error(
    `the tests need network namespaces, and \`ip netns add\` was refused: ${(error?.message ?? stderr).trim()}\n`
      + 'run npm test as root, or in a container that has CAP_NET_ADMIN and CAP_SYS_ADMIN (docker run --privileged)',
  )
  process.exit(1)
}

/** Runs a program with our output; ends the whole run when it fails. */
function run(program, args, options = {}) {
  const { status, error } = spawnSync(program, args, { stdio: 'inherit', ...options })
  if (status === 0) return
  console.error(`${program} ${args.join(' ')} failed${error ? `: ${error.message}` : ` with exit code ${status}`}`)
  process.exit(1)
}

function testFiles(folder) {
  const rank = name =>
    longest.some(prefix => name.startsWith(prefix))
      ? longest.findIndex(prefix => name.startsWith(prefix))
      : longest.length
  return fs
    .readdirSync(folder, { recursive: true })
    .map(name => path.join(folder, String(name)))
    .filter(name => name.endsWith('.test.ts'))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
}

async function runTap(testFiles) {
  if (testFiles.length === 0) return { passed: 0, failed: 0 }
  // One more than there are cores: many tests wait for leases and elections.
  const jobs = String(Math.min(4, os.availableParallelism() + 1))
  const { code, output } = await follow('node_modules/.bin/tap', [
    'run',
    '--disable-coverage',
    `--jobs=${jobs}`,
    `--timeout=${Math.max(300, Number(process.env.HISTORY_SECONDS ?? 0) + 180)}`,
    '--reporter=terse',
    ...testFiles,
  ])
  const count = word => Number([...output.matchAll(new RegExp(`# ${word}\\s+(\\d+)`, 'g'))].at(-1)?.[1] ?? 0)
  const total = /# \{ total: (\d+)(?:, pass: (\d+))?(?:, fail: (\d+))?/.exec(output)
  const passed = total ? Number(total[2] ?? 0) : count('pass') || count('ok')
  const failed = total ? Number(total[3] ?? 0) : count('fail')
  return { passed, failed: code === 0 ? failed : Math.max(1, failed) }
}

async function runConformance() {
  const names = fs.readdirSync('test/conformance/cases').filter(name => areas.includes(name.split(/[-.]/)[0]))
  const replay = (files, flags) =>
    follow('node', [
      'test/conformance/run.mjs',
      '--jobs',
      '4',
      '--agent',
      'node dist/muster.js',
      ...flags,
      ...files.map(name => path.join('test/conformance/cases', name)),
    ])
  const sums = { passed: 0, failed: 0 }
  const add = ({ code, output }, expected = []) => {
    const [, passed = '0', failed = '0'] = /^(\d+) passed, (\d+) failed$/m.exec(output) ?? []
    const steps = [...output.matchAll(/^ {3}(\d+) /gm)].map(match => Number(match[1]))
    const asDecided = expected.length > 0 && steps.join() === expected.join()
    if (expected.length > 0)
      console.log(
        asDecided
          ? `   steps ${expected.join(', ')} differ as decided`
          : `   expected steps ${expected.join(', ')} to differ, and no others`,
      )
    sums.passed += Number(passed)
    sums.failed += asDecided ? 0 : Math.max(Number(failed), code === 0 && expected.length === 0 ? 0 : 1)
  }
  for (const flags of [[], ['--etcd']]) {
    console.log(
      `recorded cases, everything kept ${flags.length > 0 ? 'in an etcd of someone else' : 'by the server itself'}`,
    )
    add(
      await replay(
        names.filter(name => !(name in decided)),
        flags,
      ),
    )
    for (const [name, steps] of Object.entries(decided)) add(await replay([name], flags), steps)
  }
  return sums
}

/** Runs a program, shows what it prints as it prints it, and resolves with that and the exit code. */
function follow(program, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', chunk => {
      process.stdout.write(chunk)
      output += chunk
    })
    child.on('error', reject)
    child.on('close', code => {
      resolve({ code, output })
    })
  })
}
