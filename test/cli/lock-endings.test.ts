import fs from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import t, { type Test } from 'tap'
import { startAgent } from '../support/agent-process.js'
import { startCommand } from '../support/running-command.js'
import { until } from '../support/until.js'
import { entries, sessions, timeoutMs } from './lock-entries.js'

// Each command is a process, and a busy machine starts them slowly.
t.setTimeout(120_000)

/** Whether a process is gone; what nobody has waited for counts as gone. */
function hasEnded(pid: number): boolean {
  try {
    return fs.readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return true
  }
}

/** Takes every question and answers none. */
async function startSilentServer(t: Test): Promise<{ readonly port: number; readonly asked: () => number }> {
  let asked = 0
  const server = net.createServer(socket => {
    socket.on('error', () => undefined)
    socket.once('data', () => {
      asked++
    })
  })
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve)
  })
  t.teardown(() => {
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, asked: () => asked }
}

/** One for all tests, each with keys of its own. */
const agent = await startAgent(t, { dev: true })

t.test('a lock that is lost ends the program, with all that it started', async t => {
  const alive = path.join(agent.directory, 'alive')
  const holder = startCommand(
    t,
    agent,
    'lock',
    'jobs/c',
    `trap 'echo told; exit 0' TERM; sh -c 'echo $$ > ${alive}; sleep 60' & echo begun; wait`,
  )
  await until(
    'the program runs',
    () => holder.out().includes('begun') && fs.existsSync(alive) && fs.readFileSync(alive, 'utf8').trim() !== '',
    timeoutMs,
  )
  const [session] = await sessions(agent)
  await agent.api(`/v1/session/destroy/${session?.ID ?? ''}`, { method: 'PUT' })
  t.equal(await holder.ended, 1)
  t.match(holder.out(), 'told')
  t.match(holder.out(), 'Lock lost')
  const pid = Number(fs.readFileSync(alive, 'utf8'))
  await until('what it started is gone', () => hasEnded(pid))
})

t.test('signals reach the program', async t => {
  const script =
    "process.on('SIGHUP', () => console.log('hup')); process.on('SIGTERM', () => { console.log('term'); process.exit(0) }); setInterval(() => 0, 1e6); console.log('begun')"
  const holder = startCommand(t, agent, 'lock', '-shell=false', 'jobs/d', process.execPath, '-e', script)
  await until('the program runs', () => holder.out().includes('begun'), timeoutMs)
  holder.child.kill('SIGHUP')
  await until('the program was told', () => holder.out().includes('hup'), timeoutMs)
  holder.child.kill('SIGTERM')
  t.equal(await holder.ended, 0)
  t.match(holder.out(), 'term')
  t.same(await entries(agent, 'jobs/d'), [], 'the lock was given back')
  t.same(await sessions(agent), [])
})

t.test(
  'a program that ignores that it was told to end is killed, with what it started, and the lock given back',
  async t => {
    const begun = (name: string): string => path.join(agent.directory, `begun-${name}`)
    // Each waits out the grace time, so all of them do it at once. Neither shells nor what they wait for care for
    // signals.
    const ignoreForgotten = (name: string): string =>
      `trap '' TERM INT; sh -c 'echo $$ > ${begun(name)}; while :; do sleep 1; done'; true`
    const holders = (
      [
        ['mutex', 'SIGTERM', [], ignoreForgotten('mutex'), 0],
        ['semaphore', 'SIGINT', ['-n=2'], ignoreForgotten('semaphore'), 0],
        ['code', 'SIGTERM', ['-child-exit-code'], ignoreForgotten('code'), 2],
        // The shell obeys, what it waits for does not.
        [
          'left',
          'SIGTERM',
          [],
          `sh -c "trap '' TERM; sh -c 'echo \\$\\$ > ${begun('left')}; while :; do sleep 1; done'; true"; true`,
          0,
        ],
      ] as const
    ).map(([name, signal, flags, script, code]) => ({
      name,
      signal,
      code,
      command: startCommand(t, agent, 'lock', ...flags, `jobs/deaf/${name}`, script),
    }))
    const pids = new Map<string, number>()
    for (const { name } of holders) {
      await until(
        `${name} runs`,
        () => {
          if (!fs.existsSync(begun(name))) return false
          pids.set(name, Number(fs.readFileSync(begun(name), 'utf8')))
          return pids.get(name) !== 0
        },
        timeoutMs,
      )
    }
    for (const { signal, command } of holders) command.child.kill(signal)
    for (const { name, signal, code, command } of holders) {
      t.equal(await command.ended, code, name)
      t.match(command.out(), `Error running handler: signal: ${name === 'left' ? signal : 'SIGKILL'}`, name)
      t.ok(hasEnded(pids.get(name) ?? 0), `nothing of ${name} runs on`)
    }
    t.same(await entries(agent, 'jobs/deaf'), [], 'the locks were given back')
    t.same(await sessions(agent), [])
  },
)

t.test('what a shell waited for may tidy up when the shell has ended at once', async t => {
  const holder = startCommand(
    t,
    agent,
    'lock',
    'jobs/tidy',
    `sh -c "trap 'sleep 0.3; echo tidied; exit 0' TERM; echo begun; while :; do sleep 0.1; done"; true`,
  )
  await until('the program runs', () => holder.out().includes('begun'), timeoutMs)
  holder.child.kill('SIGTERM')
  t.equal(await holder.ended, 0)
  t.match(holder.out(), 'tidied')
  t.same(await entries(agent, 'jobs/tidy'), [], 'the lock was given back')
})

t.test('an agent that does not answer keeps nobody who wants to end', async t => {
  const stub = await startSilentServer(t)
  const waiting = startCommand(t, { http: stub.port }, 'lock', 'jobs/h', 'echo never')
  await until('it has asked', () => stub.asked() > 0, timeoutMs)
  waiting.child.kill('SIGTERM')
  t.equal(await waiting.ended, 1)
  t.equal(waiting.out(), 'Shutdown triggered or timeout during lock acquisition\n')
})
