import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { Journal } from '../../src/agent/journal.js'
import { hostNodeId } from '../../src/agent/host-id.js'
import { resolveNodeId } from '../../src/agent/node-id.js'
import { noPersistence, openPersistence } from '../../src/agent/persistence.js'
import { systemClock, type Timer } from '../../src/common/clock.js'
import { FakeClock } from '../support/fake-clock.js'
import { RecordingLog } from '../support/recording-log.js'
import { temporaryDirectory } from '../support/temporary-directory.js'
import { until } from '../support/until.js'
import { check, service } from './definitions.js'

const open = (directory: string, log = new RecordingLog()) => openPersistence(directory, systemClock, log)

t.test('stored entries are restored, deleted ones are not', async t => {
  const directory = temporaryDirectory(t)
  const web = service('web/../"1"', {
    tags: ['a'],
    meta: { b: 'c' },
    taggedAddresses: { lan: { address: '10.0.0.1', port: 1 } },
    token: 't',
    mesh: { proxy: { Mode: 'x' } },
    checks: [
      check('http', {
        kind: {
          type: 'http',
          url: 'http://127.0.0.1/',
          method: 'GET',
          header: { host: ['x'] },
          body: '',
          disableRedirects: false,
          interval: 1000,
          timeout: 10,
          tlsServerName: '',
          tlsSkipVerify: false,
        },
        deregisterCriticalServiceAfter: 60_000,
        written: { HTTP: 'http://127.0.0.1/' },
      }),
    ],
  })
  const first = open(directory)
  await Promise.all([
    first.putService(web),
    first.putService(service('gone')),
    first.putCheck(check('lone')),
    first.putMark('_node_maintenance', '', 'move', 7),
  ])
  await Promise.all([first.deleteService('gone'), first.deleteService('never was')])
  first.setStatus('lone', { status: 'passing', output: 'ok', reported: true, expires: 5, since: 4 })
  first.setStatus('forgotten', { status: 'passing', output: '', reported: true })
  first.setStatus('forgotten', undefined)
  first.lastGood.set('conf/a.json', '{}')
  first.lastGood.set('conf/b.json', '{"b": "\n"}')
  first.lastGood.set('conf/a.json', undefined)
  await first.close()
  const second = open(directory)
  const restored = second.restore()
  t.same(restored.services, [web])
  t.same(restored.checks.map(each => each.Source).sort(), ['maintenance', 'remote'])
  t.same(
    restored.checks.find(each => each.Source === 'maintenance'),
    { Source: 'maintenance', ServiceID: '', Reason: 'move', Since: 7 },
  )
  t.same([...restored.statuses], [['lone', { status: 'passing', output: 'ok', reported: true, expires: 5, since: 4 }]])
  t.same(second.lastGood.all(), [{ path: 'conf/b.json', text: '{"b": "\n"}' }])
  await second.close()
  for (const entry of fs.readdirSync(path.join(directory, 'services'))) {
    t.equal(fs.statSync(path.join(directory, 'services', entry)).mode & 0o777, 0o600, 'definitions may hold tokens')
  }
})

t.test('unreadable entries are logged and skipped, remains of a kill are ignored', async t => {
  const directory = temporaryDirectory(t)
  const first = open(directory)
  await first.putService(service('good'))
  await first.close()
  const at = (name: string): string => path.join(directory, 'services', name)
  fs.writeFileSync(at('broken'), '{"Service": ')
  fs.writeFileSync(at('other-version'), '{"Service": {"id": 1}}')
  fs.writeFileSync(at('half.1234tmp'), '{')
  const log = new RecordingLog()
  const second = open(directory, log)
  t.same(
    second.restore().services.map(each => each.id),
    ['good'],
  )
  await second.close()
  t.same(log.messages('warn'), [
    'skipped an unreadable persisted entry',
    'skipped a persisted entry that is not of this version',
  ])
  t.equal(fs.existsSync(at('broken')), true, 'nothing is thrown away')
})

t.test('writes of one entry happen in order', async t => {
  const directory = temporaryDirectory(t)
  const persistence = open(directory)
  const writes = Array.from({ length: 20 }, (_, port) =>
    port % 5 === 4 ? persistence.deleteService('web') : persistence.putService(service('web', { port })),
  )
  await Promise.all([...writes, persistence.putService(service('web', { port: 100 }))])
  await persistence.close()
  const again = open(directory)
  t.same(
    again.restore().services.map(each => each.port),
    [100],
  )
  await again.close()
  t.equal(fs.readdirSync(path.join(directory, 'services')).length, 1)
})

t.test('acknowledged writes survive kill -9', async t => {
  const directory = temporaryDirectory(t)
  const child = spawn(process.execPath, [fileURLToPath(new URL('./persisting-child.js', import.meta.url)), directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let acknowledged = ''
  await new Promise<void>(resolve => {
    child.stdout.on('data', (chunk: Buffer) => {
      acknowledged += chunk.toString()
      if (acknowledged.length > 100) child.kill('SIGKILL')
    })
    child.once('close', () => {
      resolve()
    })
  })
  t.equal(child.signalCode, 'SIGKILL')
  const log = new RecordingLog()
  const persistence = open(directory, log)
  const restored = persistence.restore()
  const services = new Set(restored.services.map(each => each.meta.number))
  const checks = new Set(restored.checks.map(each => (each.Source === 'remote' ? each.Check.id : '')))
  const promised = acknowledged.trim().split('\n')
  t.ok(promised.length > 10)
  t.same(
    promised.filter(number => !services.has(number) || !checks.has(`check ${number}`)),
    [],
  )
  t.same(log.messages('warn'), [])
  await persistence.close()
})

t.test('the journal', async t => {
  const clock = new FakeClock()
  const log = new RecordingLog()
  const file = path.join(temporaryDirectory(t), 'deep/journal')
  const journal = new Journal(file, clock, log)
  journal.set('a', 1)
  journal.set('b', { text: 'line\nline' })
  t.equal(fs.existsSync(file), false, 'changes are gathered')
  await clock.advance(500)
  await journal.flush()
  t.equal(fs.readFileSync(file, 'utf8').split('\n').length, 3)
  journal.set('a', 1)
  await journal.flush()
  t.equal(fs.readFileSync(file, 'utf8').split('\n').length, 3, 'an equal value costs no write')
  const large = 'x'.repeat(10_000)
  for (let round = 0; round < 300; round++) {
    journal.set('a', `${round}${large}`)
    await journal.flush()
  }
  t.ok(fs.statSync(file).size < 2_000_000, 'it is written afresh when most of it is outdated')
  await journal.close()
  journal.set('late', 1)
  fs.appendFileSync(file, '["b"]\n["c",3]\n["torn",')
  const again = new Journal(file, clock, log)
  t.same(again.entries(), [
    ['a', `299${large}`],
    ['c', 3],
  ])
  again.set('d', 4)
  await again.close()
  const last = new Journal(file, clock, log)
  t.same(
    last.entries().map(([key]) => key),
    ['a', 'c', 'd'],
    'what was torn does not spoil what follows',
  )
  await last.close()
  t.same(log.messages('warn'), ['skipped unreadable lines of a state file'])
})

t.test('a journal that cannot be written says so and catches up', async t => {
  const clock = new FakeClock()
  const log = new RecordingLog()
  const directory = path.join(temporaryDirectory(t), 'd')
  const journal = new Journal(path.join(directory, 'journal'), clock, log)
  fs.rmSync(directory, { recursive: true })
  journal.set('a', 1)
  await journal.flush()
  journal.set('a', 2)
  await clock.advance(15_000)
  await journal.flush()
  t.same(log.messages('error'), ['could not write a state file, trying again until it is written'], 'said once')
  fs.mkdirSync(directory)
  await clock.advance(5000)
  await journal.flush()
  t.same(log.messages('info'), ['a state file is written again'])
  await journal.close()
  const again = new Journal(path.join(directory, 'journal'), clock, log)
  t.same(again.entries(), [['a', 2]])
  await again.close()
})

t.test('the id of the node', async t => {
  const dataDir = path.join(temporaryDirectory(t), 'data')
  t.equal(
    resolveNodeId({ nodeId: 'ABCDEF00-0000-0000-0000-000000000000', dataDir }),
    'abcdef00-0000-0000-0000-000000000000',
  )
  const made = resolveNodeId({ nodeId: '', dataDir })
  t.match(made, /^[0-9a-f-]{36}$/)
  t.equal(resolveNodeId({ nodeId: '', dataDir }), made)
  t.equal(fs.readFileSync(path.join(dataDir, 'node-id'), 'utf8'), made)
  t.not(resolveNodeId({ nodeId: '', dataDir: '' }), made)
  t.equal(
    resolveNodeId({ nodeId: '', dataDir, disableHostNodeId: false }),
    made,
    'what is kept counts more than the machine',
  )
  const file = path.join(dataDir, 'node-id')
  for (const [content, message] of [
    ['garbage', `${file} holds "garbage", which is no UUID`],
    ['', `${file} is empty`],
    [' \n', `${file} is empty`],
  ] as const) {
    fs.writeFileSync(file, content)
    t.throws(() => resolveNodeId({ nodeId: '', dataDir }), {
      code: 'AGENT_NODE_ID',
      message,
      hint: /delete it to become a new node/,
    })
    t.equal(fs.readFileSync(file, 'utf8'), content, 'it is left as it is')
  }
})

/** Remembers after how long each timer was to run. */
class DelayClock extends FakeClock {
  readonly delays: number[] = []

  override after(delay: number, run: () => void): Timer {
    this.delays.push(delay)
    return super.after(delay, run)
  }
}

t.test(
  'what cannot be written is tried again until it is, with one line for it, in longer and longer intervals',
  async t => {
    const directory = temporaryDirectory(t)
    const clock = new DelayClock()
    const log = new RecordingLog()
    const persistence = openPersistence(directory, clock, log)
    await persistence.putService(service('gone'))
    const services = path.join(directory, 'services')
    const away = path.join(directory, 'away')
    fs.renameSync(services, away)
    await t.rejects(persistence.putService(service('web', { port: 1 })), { code: 'ENOENT' })
    await t.rejects(persistence.putService(service('web', { port: 2 })), { code: 'ENOENT' })
    await t.rejects(persistence.putService(service('api')), { code: 'ENOENT' })
    await t.rejects(persistence.deleteService('gone'), { code: 'ENOENT' })
    t.equal(persistence.unsaved(), 3)
    t.same(log.messages('error'), ['could not save what was registered, trying again until it is'])

    for (let attempt = 1; attempt < 8; attempt++) {
      await clock.advance(clock.delays.at(-1) ?? 0)
      await until('the next attempt is planned', () => clock.delays.length > attempt)
    }
    t.same(clock.delays, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
    t.equal(log.messages('error').length, 1, 'said once')
    fs.renameSync(away, services)
    await clock.advance(60_000)
    await until('all is written', () => persistence.unsaved() === 0)
    t.same(log.messages('info'), ['all that was registered is saved again'])
    const again = open(directory)
    t.same(
      again
        .restore()
        .services.map(({ id, port }) => [id, port])
        .sort(),
      [
        ['api', 0],
        ['web', 2],
      ],
      'the newest of each, and what was removed is gone',
    )
    await again.close()
    await persistence.close()
  },
)

t.test('unsaved entries are written once more at the end, or else logged', async t => {
  const directory = temporaryDirectory(t)
  const services = path.join(directory, 'services')
  for (const isBack of [true, false]) {
    const log = new RecordingLog()
    const persistence = openPersistence(directory, new FakeClock(), log)
    fs.rmSync(services, { recursive: true })
    await t.rejects(persistence.putService(service('web')))
    if (isBack) fs.mkdirSync(services)
    await persistence.close()
    t.equal(fs.existsSync(services) && fs.readdirSync(services).length, isBack && 1)
    t.equal(log.messages('error').at(-1)?.includes('is not there at the next start'), !isBack)
  }
})

t.test('without a data-dir nothing is written, last good texts last as long as the process', async t => {
  const persistence = noPersistence()
  await persistence.putService(service('web'))
  persistence.lastGood.set('a', '{}')
  t.same(persistence.lastGood.all(), [{ path: 'a', text: '{}' }])
  t.same(persistence.restore().services, [])
  await persistence.close()
})

t.test('a node id of the machine', async t => {
  const machine = (files: Readonly<Record<string, string>>) => hostNodeId(path => files[path] ?? '')
  const hardware = '4C4C4544-0032-3010-8051-B6C04F4C4D32\n'
  t.equal(
    machine({ '/sys/class/dmi/id/product_uuid': hardware, '/etc/machine-id': 'x' }),
    machine({ '/sys/class/dmi/id/product_uuid': hardware.toLowerCase() }),
  )
  const installation = machine({ '/etc/machine-id': '4c4c4544003230108051b6c04f4c4d32\n' })
  t.match(installation, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  t.equal(
    installation,
    machine({ '/sys/class/dmi/id/product_uuid': hardware }),
    'the same text, with and without dashes',
  )
  t.not(installation, hardware.trim().toLowerCase(), 'hashed')
  t.equal(machine({ '/etc/machine-id': 'uninitialized\n' }), undefined)
})
