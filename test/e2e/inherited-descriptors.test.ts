import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { hideFromChildren } from '../../src/common/spawn.js'
import { runProcess } from '../../src/common/process.js'
import { startAgent } from '../support/agent-process.js'
import { muster } from '../support/muster.js'
import { temporaryDirectory } from '../support/temporary-directory.js'
import { until } from '../support/until.js'

// Commands are processes, and a busy machine starts them slowly.
t.setTimeout(120_000)

/** A shell line that writes what the descriptors of `ls` point to, a line each, into a file that appears whole. */
const list = (file: string): string => `ls -l /proc/self/fd > ${file}.tmp; mv ${file}.tmp ${file}`

/**
 * What the descriptors of a process point to. The one through which the list is read is gone by the time it is looked
 * at.
 */
const targets = (folder: string): readonly string[] =>
  fs.readdirSync(folder).flatMap(name => {
    try {
      return [fs.readlinkSync(path.join(folder, name))]
    } catch {
      return []
    }
  })

t.test('what a running agent starts gets nothing that the agent holds open', async t => {
  const directory = temporaryDirectory(t)
  const file = (name: string): string => path.join(directory, name)
  const agent = await startAgent(t, {
    conf: {
      'all.json': {
        enable_script_checks: true,
        disable_remote_exec: false,
        checks: [{ id: 'listing', name: 'listing', args: ['sh', '-c', list(file('check'))], interval: '10s' }],
        watches: [{ type: 'key', key: 'watched', handler_type: 'script', args: ['sh', '-c', list(file('handler'))] }],
      },
    },
  })
  // What whoever started this test has left open for all is not the agent's.
  const given = targets('/proc/self/fd')
  await agent.api('/v1/kv/watched', { method: 'PUT', body: 'now' })
  t.match(await muster(['exec', '-wait=2s', '-node=n1', list(file('exec'))], { agent }), { code: 0 })
  t.match(await muster(['lock', 'jobs/a', list(file('lock'))], { agent }), { code: 0 })
  for (const name of ['check', 'handler', 'exec', 'lock']) {
    await until(`the ${name} has run`, () => fs.existsSync(file(name)), 60_000)
    const found = [...fs.readFileSync(file(name), 'utf8').matchAll(/ (\d+) -> (.*)$/gm)].map(
      ([, number, target = '']) => ({ number: Number(number), target }),
    )
    t.ok(
      found.some(({ number, target }) => number === 1 && target === file(`${name}.tmp`)),
      'the listing is one',
    )
    // Beside its three streams `ls` has the directory open that it reads.
    const more = found.filter(
      ({ number, target }) => number > 2 && target !== '/dev/null' && !/^\/proc\/\d+\/fd$/.test(target),
    )
    t.same(
      more.filter(({ target }) => !given.includes(target)),
      [],
      name,
    )
    t.ok(
      found.every(({ target }) => !target.startsWith(agent.directory)),
      `${name} has none of the agent's files`,
    )
  }
  t.ok(
    targets(`/proc/${agent.child.pid ?? 0}/fd`).some(target => target.endsWith('/store/data.mdb')),
    'the agent itself has its store open',
  )
})

t.test('a hidden descriptor is nothing in children, for as long as it is hidden', async t => {
  const descriptor = fs.openSync('/proc/self/stat', 'r')
  t.teardown(() => {
    fs.closeSync(descriptor)
  })
  const seen = async (): Promise<string> => {
    const { output } = await runProcess(['readlink', `/proc/self/fd/${descriptor}`], {
      signal: new AbortController().signal,
      timeout: 30_000,
      outputMaxSize: 100,
    })
    return output.text().trim()
  }
  const show = hideFromChildren([descriptor])
  const other = hideFromChildren([descriptor + 5])
  t.equal(await seen(), '/dev/null')
  show()
  show()
  t.equal(await seen(), '', 'Node closes it by itself')
  other()
})
