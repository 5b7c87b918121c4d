import t from 'tap'
import { startAgent } from '../support/agent-process.js'
import { muster } from '../support/muster.js'
import { startCommand } from '../support/running-command.js'
import { until } from '../support/until.js'
import { entries, sessions, timeoutMs } from './lock-entries.js'

// Each command is a process, and a busy machine starts them slowly.
t.setTimeout(120_000)

/** One for all tests, each with keys of its own. */
const agent = await startAgent(t, { dev: true })

t.test('runs its program once it holds the lock, and leaves nothing behind', async t => {
  const { code, out } = await muster(['lock', '-verbose', '/jobs/a/', 'echo "held $CONSUL_LOCK_HELD"'], { agent })
  t.equal(code, 0)
  t.equal(
    out,
    'Setting up lock at path: jobs/a/.lock\nAttempting lock acquisition\nStarting handler\nheld true\nChild terminated, releasing lock\nCleanup succeeded\n',
  )
  t.same(await entries(agent, 'jobs/a'), [])
  t.same(await sessions(agent), [])
  t.match(await muster(['lock', 'jobs/a', 'exit 3'], { agent }), {
    code: 0,
    err: 'Error running handler: exit status 3\n',
  })
  t.match(await muster(['lock', '-child-exit-code', 'jobs/a', 'exit 3'], { agent }), { code: 2 })
  t.match(await muster(['lock', '-child-exit-code', '-shell=false', 'jobs/a', 'no-such-program-here'], { agent }), {
    code: 2,
    err: 'ENOENT',
  })
  t.match(
    await muster(['lock', '-shell=false', 'jobs/a', 'echo', '-h'], { agent }),
    { code: 0, out: '-h\n' },
    'flags behind the program are its own',
  )
  t.match(await muster(['lock', '-pass-stdin', 'jobs/a', 'cat'], { agent, input: 'given' }), { code: 0, out: 'given' })
  t.match(await muster(['lock', 'jobs/a', 'cat'], { agent, input: 'given' }), { code: 0, out: '' })
  const refused: readonly [readonly string[], string][] = [
    [[], 'Key prefix and child command must be specified'],
    [['jobs/a'], 'Key prefix and child command must be specified'],
    [['/', 'true'], 'The key prefix must not be empty'],
    [['-n=0', 'jobs/a', 'true'], 'Lock holder limit must be positive, found -n=0'],
    [['-timeout=soon', 'jobs/a', 'true'], '-timeout: "soon" is not a duration'],
    [['-try=-10s', 'jobs/a', 'true'], 'Timeout must be positive, found -10s'],
    [['-monitor-retry=-5', 'jobs/a', 'true'], "Number for 'monitor-retry' must be >= 0, found -5"],
  ]
  for (const [args, text] of refused) {
    const { code, out, err } = await muster(['lock', ...args], { agent })
    t.same([code, out, err.split('\n')[0]], [1, '', `Error: ${text}`], args.join(' '))
  }
  t.match(
    await muster(['lock', '-timeout=0', '-monitor-retry=0', 'jobs/a', 'echo ran'], { agent }),
    { code: 0, out: 'ran\n' },
    'without end',
  )
  t.match(
    await muster(['lock', '-timeout=1000h', 'jobs/a', 'echo ran'], { agent }),
    { code: 0, out: 'ran\n' },
    'longer than a timer',
  )
  t.match(
    await muster(['lock', '-stale', '-name=', 'jobs/a', 'echo ran'], { agent }),
    { code: 0, out: 'ran\n' },
    'a lock is read from the leader all the same',
  )
  t.match(
    await muster(['lock', '-verbose', '//jobs//a/x/../', 'true'], { agent }),
    { code: 0, out: /^Setting up lock at path: jobs\/a\/\.lock\n/ },
    'the key that other tools mean',
  )
  t.match(await muster(['lock', '-verbose', '-n=2', 'jobs/a/', 'true'], { agent }), {
    code: 0,
    out: /^Setting up semaphore \(limit 2\) at prefix: jobs\/a\n/,
  })
})

t.test('holders count however their clients mark their keys', async t => {
  const semaphore = '16210313421097356768'
  const held = async (): Promise<string> => {
    const { ID: id } = (await (
      await agent.api('/v1/session/create', { method: 'PUT', body: '{"LockDelay":0,"Behavior":"delete"}' })
    ).json()) as { ID: string }
    await agent.api(`/v1/kv/jobs/g/${id}?acquire=${id}`, { method: 'PUT', body: 'a host name' })
    return id
  }
  const ids = [await held(), await held()]
  const places = (holders: readonly string[]): Promise<unknown> =>
    agent.api(`/v1/kv/jobs/g/.lock?flags=${semaphore}`, {
      method: 'PUT',
      body: JSON.stringify({ Limit: 2, Holders: Object.fromEntries(holders.map(id => [id, true])) }),
    })
  await places(ids)
  t.match(
    await muster(['lock', '-n=2', '-timeout=300ms', 'jobs/g', 'echo never'], { agent }),
    { code: 1, out: '' },
    'both places are taken',
  )
  await agent.api(`/v1/session/destroy/${ids[0] ?? ''}`, { method: 'PUT' })
  t.match(
    await muster(['lock', '-n=2', 'jobs/g', 'echo second'], { agent }),
    { code: 0, out: 'second\n' },
    'who has gone counts no longer',
  )
  await agent.api(`/v1/session/destroy/${ids[1] ?? ''}`, { method: 'PUT' })
  await agent.api(`/v1/kv/jobs/g/.lock?flags=${semaphore}`, { method: 'PUT', body: '' })
  t.match(
    await muster(['lock', '-n=3', 'jobs/g', 'echo empty'], { agent }),
    { code: 0, out: 'empty\n' },
    'a key without a value is one that nobody holds',
  )
  t.same(await entries(agent, 'jobs/g'), [])
})

t.test('one at a time; the next goes on when the first ends', async t => {
  const first = startCommand(t, agent, 'lock', '-pass-stdin', 'jobs/b', 'echo first; cat')
  await until('the first holds it', () => first.out().includes('first'), timeoutMs)
  const [entry] = await entries(agent, 'jobs/b')
  t.match(entry, { Key: 'jobs/b/.lock', Session: /./ })
  t.match(await (await agent.api('/v1/kv/jobs/b/.lock')).text(), /"Flags": ?3304740253564472344[,}]/)
  t.match(await sessions(agent), [
    { Name: "Consul lock for 'echo first; cat' at 'jobs/b'", TTL: '15s', Behavior: 'release' },
  ])
  t.match(await muster(['lock', '-timeout=200ms', 'jobs/b', 'echo never'], { agent }), {
    code: 1,
    out: '',
    err: 'Shutdown triggered or timeout during lock acquisition\n',
  })
  const second = startCommand(t, agent, 'lock', '-name=mine', 'jobs/b', 'echo second')
  await until('the second waits', async () => (await sessions(agent)).some(({ Name }) => Name === 'mine'), timeoutMs)
  t.notMatch(second.out(), 'second')
  first.child.stdin?.end()
  t.equal(await first.ended, 0)
  t.equal(await second.ended, 0)
  t.match(second.out(), 'second')
  t.same(await entries(agent, 'jobs/b'), [])
})

t.test("a semaphore, laid out as Consul's", async t => {
  const [one, two] = ['one', 'two'].map(name =>
    startCommand(t, agent, 'lock', '-n=2', '-pass-stdin', 'jobs/e', `echo ${name}; cat`),
  )
  await until(
    'both hold it',
    () => one?.out().includes('one') === true && two?.out().includes('two') === true,
    timeoutMs,
  )
  const ids = (await sessions(agent)).map(({ ID }) => ID).sort()
  t.match(await sessions(agent), [{ Behavior: 'delete' }, { Behavior: 'delete' }])
  const found = await entries(agent, 'jobs/e')
  t.same(found.map(({ Key }) => Key).sort(), ['jobs/e/.lock', ...ids.map(id => `jobs/e/${id}`)].sort())
  t.match(await (await agent.api('/v1/kv/jobs/e?recurse')).text(), /"Flags": ?16210313421097356768[,}]/)
  const places = found.find(({ Key }) => Key === 'jobs/e/.lock')?.Value ?? ''
  t.same(JSON.parse(Buffer.from(places, 'base64').toString()), {
    Limit: 2,
    Holders: Object.fromEntries(ids.map(id => [id, true])),
  })
  t.match(await muster(['lock', '-n=2', '-timeout=300ms', 'jobs/e', 'true'], { agent }), { code: 1 })
  t.match(await muster(['lock', '-n=3', 'jobs/e', 'true'], { agent }), {
    code: 1,
    err: 'Semaphore limit conflict (lock: 2, local: 3)',
  })
  t.match(await muster(['lock', 'jobs/e', 'true'], { agent }), { code: 1, err: 'Existing key does not match lock use' })
  const third = startCommand(t, agent, 'lock', '-n=2', 'jobs/e', 'echo three')
  one?.child.stdin?.end()
  t.equal(await one?.ended, 0)
  t.equal(await third.ended, 0)
  t.match(third.out(), 'three')
  two?.child.stdin?.end()
  t.equal(await two?.ended, 0)
  t.same(await entries(agent, 'jobs/e'), [])
})

t.test('a key that is something else is left alone', async t => {
  await agent.api('/v1/kv/jobs/f/.lock', { method: 'PUT', body: 'mine' })
  t.match(await muster(['lock', 'jobs/f', 'true'], { agent }), { code: 1, err: 'does not match lock use' })
  t.match(await muster(['lock', '-n=2', 'jobs/f', 'true'], { agent }), { code: 1, err: 'does not match semaphore use' })
  t.equal(await (await agent.api('/v1/kv/jobs/f/.lock?raw')).text(), 'mine')
})
