// The recorded conformance cases as tasks: those of one area, against one store, follow each other.
import fs from 'node:fs'
import path from 'node:path'
import { runProcess } from './process.mjs'

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

/** Where the agents of a replay keep everything, and what the replay needs to be told for it. */
const stores = [
  { store: 'kept by the server itself', flags: [] },
  { store: 'kept in an etcd of someone else', flags: ['--etcd'] },
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

const folder = 'test/conformance/cases'

/** How long one replay may take, in seconds: it only ends what hangs. */
const maxSeconds = 600

/** A task for each area and store, and for each file with decided differences. */
export function recordedCases() {
  const names = fs.readdirSync(folder)
  const groups = areas.map(area => ({
    group: area,
    files: names.filter(name => name.split(/[-.]/)[0] === area && !(name in decided)),
    expected: [],
  }))
  for (const [name, expected] of Object.entries(decided))
    groups.push({ group: path.basename(name, '.json'), files: [name], expected })
  return stores.flatMap(({ store, flags }) =>
    groups.map(({ group, files, expected }) => {
      const name = `recorded cases of ${group}, ${store}`
      return { name, run: options => replay(name, files, flags, expected, options) }
    }),
  )
}

async function replay(name, files, flags, expected, options) {
  const args = ['test/conformance/run.mjs', '--jobs', '1', '--agent', 'node dist/muster.js', ...flags]
  const { code, stdout, stderr, late, seconds, computing } = await runProcess(
    [...args, ...files.map(file => path.join(folder, file))],
    { ...options, maxSeconds },
  )
  const [, passed = '0', failed = '0'] = /^(\d+) passed, (\d+) failed$/m.exec(stdout) ?? []
  const steps = [...stdout.matchAll(/^ {3}(\d+) /gm)].map(match => Number(match[1]))
  const asDecided = expected.length > 0 && steps.join() === expected.join()
  const wrong = asDecided ? 0 : Math.max(Number(failed), code === 0 && expected.length === 0 ? 0 : 1)
  const told = `${passed} passed${asDecided ? `, ${expected.length} differ as decided` : ''}, ${seconds.toFixed(1)} s`
  const lines = [`${wrong > 0 ? `FAIL ${name}: ${wrong} failed,` : `ok   ${name}:`} ${told}`]
  if (wrong > 0) {
    if (late) lines.push(`it ran for more than ${maxSeconds} s and was ended`)
    if (expected.length > 0) lines.push(`expected steps ${expected.join(', ')} to differ, and no others`)
    // What a failed case says stands below its line; cases that are well have only their line.
    lines.push(...stdout.split('\n').filter(line => !line.startsWith('ok ') && line.trim() !== ''))
  }
  lines.push(
    ...stderr
      .split('\n')
      .filter(line => line.trim() !== '')
      .map(line => `     | ${line}`),
  )
  return { passed: Number(passed), failed: wrong, seconds, computing, lines }
}
