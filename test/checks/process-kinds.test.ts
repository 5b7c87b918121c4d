import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { kinds, type CheckResult } from '../../src/checks/index.js'
import { until } from '../support/until.js'
import { context } from './definition.js'

const script = (args: readonly string[], timeout = 10_000, outputMaxSize = 4096): Promise<CheckResult> =>
  kinds.script.run({ type: 'script', args, interval: 10_000, timeout }, context(outputMaxSize))

/** Whether a process is there and not merely waiting to be collected. */
const alive = async (pid: number): Promise<boolean> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return stat !== '' && !stat.includes(') Z ')
}

void t.test('script: exit status and output', async t => {
  for (const [line, status, output] of [
    ['echo fine', 'passing', 'fine\n'],
    ['echo hm; exit 1', 'warning', 'hm\n'],
    ['echo no >&2; exit 2', 'critical', 'no\n'],
    ['exit 0', 'passing', ''],
    ['kill -TERM $$', 'critical', 'ended by signal SIGTERM'],
  ] as const)
    t.strictSame(await script(['sh', '-c', line]), { status, output }, line)
  t.strictSame(
    await script(['printf', '%s|', '$HOME', '*']),
    { status: 'passing', output: '$HOME|*|' },
    'no shell looks at the arguments',
  )
  process.env.MUSTER_CHECK_TEST = 'inherited'
  t.teardown(() => {
    delete process.env.MUSTER_CHECK_TEST
  })
  t.match(await script(['sh', '-c', 'echo $MUSTER_CHECK_TEST']), { output: 'inherited\n' })
  t.match(await script(['cat']), { status: 'passing', output: '' }, 'nothing to read from')
})

void t.test('script: the last bytes are kept', async t => {
  const result = await script(
    ['sh', '-c', 'i=0; while [ $i -lt 2000 ]; do echo 123456789; i=$((i+1)); done; printf end'],
    10_000,
    13,
  )
  t.strictSame(result, { status: 'passing', output: 'Captured 13 of 20003 bytes\n...\n123456789\nend' })
})

void t.test('script: what does not start bypasses the thresholds', async t => {
  const dir = t.testdir({ plain: 'no program' })
  t.strictSame(await script(['no-such-program-here']), {
    status: 'critical',
    output: 'cannot start "no-such-program-here": executable file not found in $PATH',
    bypassThresholds: true,
  })
  t.match(await script([join(dir, 'absent')]), { status: 'critical', output: /no such file$/ })
  t.match(await script([join(dir, 'plain')]), {
    status: 'critical',
    output: /permission denied/,
    bypassThresholds: true,
  })
  t.match(await script([]), { status: 'critical', bypassThresholds: true })
})

void t.test('script: a timeout kills the whole process group', async t => {
  const dir = t.testdir({})
  const pids = join(dir, 'pids')
  const result = await script(
    ['sh', '-c', `sleep 600 & echo $! > ${pids}; sh -c 'echo $$ >> ${pids}; echo begun; sleep 600; true'`],
    700,
  )
  t.strictSame(result, {
    status: 'critical',
    output: 'Timed out (700ms) running check\n\nbegun\n',
    bypassThresholds: true,
  })
  const children = (await readFile(pids, 'utf8')).trim().split('\n').map(Number)
  t.equal(children.length, 2)
  await until('the children are gone', async () => !(await Promise.all(children.map(alive))).includes(true))
  t.match(await script(['sleep', '600'], 50), { output: 'Timed out (50ms) running check' })
})

void t.test('script: a grandchild that left the group does not hold the check up', async t => {
  const dir = t.testdir({})
  const result = await script(['setsid', '--fork', 'sh', '-c', `echo $$ > ${join(dir, 'pid')}; exec sleep 600`], 400)
  t.match(result, { status: 'critical', output: 'Timed out (400ms) running check' })
  process.kill(Number(await readFile(join(dir, 'pid'), 'utf8')), 'SIGKILL')
})

void t.test('script: an aborted run is killed', async t => {
  const dir = t.testdir({})
  const abort = new AbortController()
  const pidFile = join(dir, 'pid')
  const args = ['sh', '-c', `echo $$ > ${pidFile}; sleep 600`]
  const running = kinds.script.run(
    { type: 'script', args, interval: 1000, timeout: 60_000 },
    { signal: abort.signal, outputMaxSize: 10 },
  )
  const pid = Number(await until('the script runs', () => readFile(pidFile, 'utf8')))
  abort.abort()
  await running
  t.notOk(await alive(pid))
})

void t.test('os_service', async t => {
  const dir = t.testdir({})
  const systemctl = join(dir, 'systemctl')
  const path = process.env.PATH ?? ''
  t.teardown(() => {
    process.env.PATH = path
  })
  process.env.PATH = `${dir}:${path}`
  // States and exit codes as systemctl has them; arguments are checked so that a name can never become an option.
  await writeFile(
    systemctl,
    '#!/bin/sh\n[ "$1" = is-active ] && [ "$2" = -- ] || exit 64\ncase "$3" in\n'
      + 'ok) echo active;; coming|again) echo activating; exit 3;; reload) echo reloading; exit 0;;\n'
      + 'gone) echo inactive; exit 4;; bad) echo failed; exit 3;;\n'
      + '--user) echo unknown; exit 4;; slow) sleep 600;; mute) exit 1;;\n'
      + 'odd) echo "System has not been booted with systemd" >&2; exit 1;;\nesac\n',
  )
  await chmod(systemctl, 0o755)
  const check = (service: string, timeout = 5000) =>
    kinds.os_service.run({ type: 'os_service', service, interval: 10_000, timeout }, context())
  for (const [service, status, output] of [
    ['ok', 'passing', 'Service "ok" is active'],
    ['coming', 'warning', 'Service "coming" is activating'],
    ['reload', 'warning', 'Service "reload" is reloading'],
    ['gone', 'critical', 'Service "gone" is inactive'],
    ['bad', 'critical', 'Service "bad" is failed'],
    ['--user', 'critical', 'Service "--user" is unknown'],
    ['odd', 'critical', 'Service "odd": System has not been booted with systemd'],
    ['mute', 'critical', 'Service "mute": no answer'],
  ] as const)
    t.strictSame(await check(service), { status, output })
  t.match(await check('slow', 100), { status: 'critical', output: 'systemctl did not answer within 100ms' })
  process.env.PATH = t.testdirName + '/nothing'
  t.strictSame(await check('ok'), {
    status: 'critical',
    output: 'cannot ask systemd about "ok": there is no systemctl in $PATH',
    bypassThresholds: true,
  })
})
