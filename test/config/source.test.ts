import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { difference, settingsDifference } from '../../src/config/index.js'
import { findings, openConf, states } from './support.js'

const web = (port: number): unknown => ({ service: { name: 'web', port } })

t.test('a first load', t => {
  const conf = openConf(t, {
    'b.json': web(80),
    'a.hcl': 'service { name = "api" }\ncheck { name = "disk", ttl = "1m" }',
    'empty.json': '',
    'notes.txt': 'x',
  })
  const load = conf.source.load()
  t.same(states(load), ['a.hcl applied', 'b.json applied', 'empty.json applied'], 'in byte order of names')
  t.same([...load.declared.services.keys()], ['api', 'web'])
  t.same([...load.declared.checks.keys()], ['disk'])
  t.same(load.declared.services.get('web')?.origin, { file: conf.path('b.json'), line: 1, column: 12 })
  t.same(findings(load), ['notes.txt:1:1 warning skipped-file', 'empty.json:1:1 warning empty-file'])
  t.ok(load.mayStart)
  t.notOk(load.settingsRefused)
  t.equal(load.settings?.nodeName, 'host-1')
  t.same([...conf.remembered.keys()].sort(), ['a.hcl', 'b.json', 'empty.json'].map(conf.path))
  t.same(
    findings(conf.source.load()),
    ['notes.txt:1:1 warning skipped-file', 'empty.json:1:1 warning empty-file'],
    'as long as it is there',
  )
  t.end()
})

t.test('an origin prints like any other', t => {
  const conf = openConf(t, { 'a.json': '\n\n  {"service": {"name": "web"}}' })
  const origin = conf.source.load().declared.services.get('web')?.origin
  t.equal(JSON.stringify(origin), JSON.stringify({ file: conf.path('a.json'), line: 3, column: 15 }))
  t.same({ ...origin }, { file: conf.path('a.json'), line: 3, column: 15 })
  t.end()
})

t.test('what did not change stays the same object', t => {
  const conf = openConf(t, {
    'a.json': web(1),
    'b.json': { service: { name: 'api' } },
    'agent.json': { log_level: 'WARN' },
  })
  const before = conf.source.load()
  const again = conf.source.load()
  t.equal(again.settings, before.settings)
  t.equal(again.declared.services.get('web'), before.declared.services.get('web'))
  t.same(difference(before.declared, again.declared), [])
  const after = conf.change({ 'a.json': web(2) })
  t.equal(after.declared.services.get('api'), before.declared.services.get('api'))
  t.equal(after.settings, before.settings)
  t.same(
    difference(before.declared, after.declared).map(({ op, id }) => `${op} ${id}`),
    ['change web'],
  )
  t.equal(after.declared.services.get('web')?.definition.port, 2)
  t.end()
})

t.test('adds, removes and renames by the paths that changed', t => {
  const conf = openConf(t, { 'a.json': web(1) })
  conf.source.load()
  t.same([...conf.change({ 'b.json': { service: { name: 'api' } } }).declared.services.keys()], ['web', 'api'])
  t.same(
    states(conf.change({ '0.json': { service: { name: 'zero' } } })),
    ['0.json applied', 'a.json applied', 'b.json applied'],
    'new ones stand in order',
  )
  t.same([...conf.change({ 'a.json': undefined }).declared.services.keys()], ['zero', 'api'])
  t.notOk(conf.remembered.has(conf.path('a.json')), 'a removed file is forgotten')
  fs.renameSync(conf.path('b.json'), conf.path('c.json'))
  const renamed = conf.source.load(new Set([conf.path('c.json'), conf.path('b.json')]))
  t.same(states(renamed), ['0.json applied', 'c.json applied'])
  t.same(findings(renamed), [])
  t.same(findings(conf.change({ 'readme.txt': 'x' })), ['readme.txt:1:1 warning skipped-file'])
  t.same(
    findings(conf.change({ 'readme.txt': undefined, '.web.json': '{}' })),
    ['.web.json:1:1 warning skipped-file'],
    'Consul reads those',
  )
  t.match(conf.source.load().diagnostics, [{ message: `${conf.path('.web.json')} is not read: it is hidden` }])
  conf.remove('.web.json')
  t.same(findings(conf.source.load()), [])
  t.same(
    findings(
      conf.change({ '.#web.json': 'x', '._web.json': 'x', '.c.json.swp': 'x', 'c.json~': 'x', '#c.json#': 'x' }),
    ),
    [],
  )
  t.end()
})

t.test('a broken file keeps its last good content while others apply', t => {
  const conf = openConf(t, { 'a.json': web(1), 'b.json': { service: { name: 'api', port: 1 } } })
  const before = conf.source.load()
  const broken = conf.change({
    'a.json': '{"service": {"name": "web", "port": 2}',
    'b.json': { service: { name: 'api', port: 2 } },
  })
  t.same(states(broken), ['a.json last-good', 'b.json applied'])
  t.match(findings(broken), [/^a\.json:1:\d+ error /])
  t.equal(broken.declared.services.get('web'), before.declared.services.get('web'), 'untouched')
  t.equal(broken.declared.services.get('api')?.definition.port, 2)
  t.notOk(broken.settingsRefused)
  t.equal(conf.remembered.get(conf.path('a.json')), JSON.stringify(web(1)))
  t.same(
    states(conf.change({ 'a.json': { service: { name: 'web', prot: 3 } } })),
    ['a.json last-good', 'b.json applied'],
    'unknown keys break a file',
  )
  t.same(
    states(conf.change({ 'a.json': { service: { name: 'web', check: { http: 'http://x/' } } } })),
    ['a.json last-good', 'b.json applied'],
    'and incomplete checks',
  )
  t.same(states(conf.change({ 'a.json': Buffer.from([0x7b, 0xff]).toString('latin1') })), [
    'a.json last-good',
    'b.json applied',
  ])
  const repaired = conf.change({ 'a.json': web(4) })
  t.same(states(repaired), ['a.json applied', 'b.json applied'])
  t.equal(repaired.declared.services.get('web')?.definition.port, 4)
  t.end()
})

t.test('a new broken file gives nothing and takes nothing', t => {
  const conf = openConf(t, { 'a.json': web(1) })
  conf.source.load()
  const load = conf.change({ 'new.json': '{' })
  t.same(states(load), ['a.json applied', 'new.json refused'])
  t.same([...load.declared.services.keys()], ['web'])
  t.end()
})

t.test('a first start with a broken file is refused, a restart is not', t => {
  const conf = openConf(t, { 'a.json': web(1), 'bad.json': '{' })
  t.notOk(conf.source.load().mayStart)
  t.same([...conf.remembered.keys()], [conf.path('a.json')])
  const other = openConf(t, { 'a.json': web(1), 'b.json': { service: { name: 'api' } } })
  t.ok(other.source.load().mayStart)
  other.write('a.json', '{')
  other.write('new.json', '[')
  const restarted = other.restart().load()
  t.ok(restarted.mayStart)
  t.same(states(restarted), ['a.json last-good', 'b.json applied', 'new.json refused'])
  t.equal(restarted.declared.services.get('web')?.definition.port, 1, 'from what was remembered')
  t.equal(other.remembered.get(other.path('a.json')), JSON.stringify(web(1)))
  t.end()
})

t.test('two files with one id: the one that had it keeps it', t => {
  const conf = openConf(t, { 'b.json': web(1) })
  const before = conf.source.load()
  const load = conf.change({ 'a.json': web(2) })
  t.same(states(load), ['a.json refused', 'b.json applied'], 'although a.json comes first')
  t.equal(load.declared.services.get('web'), before.declared.services.get('web'))
  t.same(findings(load), ['a.json:1:12 error duplicate-id'])
  t.equal(load.diagnostics[0]?.other?.file, conf.path('b.json'))
  t.same(states(conf.restart().load()), ['a.json refused', 'b.json applied'], 'known after a restart too')
  const moved = conf.change({ 'b.json': undefined })
  t.same(states(moved), ['a.json applied'])
  t.equal(moved.declared.services.get('web')?.definition.port, 2)
  t.end()
})

t.test('a file that takes over the id of another keeps what it had itself', t => {
  const conf = openConf(t, { 'a.json': web(1), 'b.json': { service: { name: 'api' } } })
  conf.source.load()
  const load = conf.change({ 'b.json': { services: [{ name: 'api', port: 5 }, { name: 'web' }] } })
  t.same(states(load), ['a.json applied', 'b.json last-good'])
  t.equal(load.declared.services.get('api')?.definition.port, 0)
  t.equal(load.declared.services.get('web')?.definition.port, 1)
  t.end()
})

t.test('check ids are one namespace, those of services included', t => {
  const conf = openConf(t, {
    'a.json': { service: { name: 'web', check: { ttl: '5s' } } },
    'b.json': { check: { id: 'service:web', name: 'x', ttl: '5s' } },
  })
  t.same(findings(conf.source.load()), ['b.json:1:10 error duplicate-id'])
  t.end()
})

t.test('a check of a service that nobody knows', t => {
  const bound = { check: { name: 'x', ttl: '5s', service_id: 'web' } }
  const conf = openConf(t, { 'a.json': web(1), 'b.json': bound })
  t.same(findings(conf.source.load()), [])
  const load = conf.change({ 'a.json': undefined })
  t.same(findings(load), ['b.json:1:46 error unknown-service'])
  t.same([...load.declared.checks.keys()], [], 'goes with its service')
  t.same([...conf.change({ 'a.json': web(1) }).declared.checks.keys()], ['x'], 'and comes back with it')
  const registered = openConf(t, { 'b.json': bound }, [], { knownServices: () => ['web'] })
  t.same(findings(registered.source.load()), [], 'one that the API registered will do')
  t.end()
})

t.test('scripts need a switch', t => {
  const script = { service: { name: 'web', check: { args: ['true'], interval: '5s' } } }
  const refused = openConf(t, { 'a.json': script }).source.load()
  t.same(findings(refused), ['a.json:1:42 error scripts-disabled'])
  t.notOk(refused.mayStart)
  t.same([...refused.declared.services.keys()], [])
  for (const flag of ['-enable-script-checks', '-enable-local-script-checks'])
    t.ok(openConf(t, { 'a.json': script }, [flag]).source.load().mayStart, flag)
  const conf = openConf(t, { 'a.json': script, 'agent.json': { enable_local_script_checks: true } })
  conf.source.load()
  const off = conf.change({ 'agent.json': {} })
  t.same(findings(off), ['a.json:1:42 error scripts-disabled'])
  t.same([...off.declared.services.keys()], ['web'], 'what runs is not taken out by a reload')
  t.notOk(conf.restart().load().mayStart, 'but does not start again')
  t.end()
})

t.test('settings are all or nothing', t => {
  const conf = openConf(t, {
    'agent.json': { log_level: 'WARN', dns_config: { node_ttl: '1s' } },
    'more.json': { node_meta: { a: '1' } },
    'web.json': web(1),
  })
  const before = conf.source.load()
  const load = conf.change({
    'agent.json': { log_level: 'LOUD' },
    'more.json': { node_meta: { a: '2' } },
    'web.json': web(2),
  })
  t.ok(load.settingsRefused)
  t.equal(load.settings, before.settings)
  t.equal(load.declared.services.get('web')?.definition.port, 2, 'services apply all the same')
  t.same(states(load), ['agent.json last-good', 'more.json last-good', 'web.json applied'])
  t.match(load.diagnostics[0], { code: 'not-allowed', at: { file: conf.path('agent.json'), line: 1 } })
  t.ok(conf.restart().load().mayStart, 'a restart runs with what was good')
  t.equal(conf.restart().load().settings?.nodeMeta.a, '1')
  const repaired = conf.change({ 'agent.json': { log_level: 'ERR' } })
  t.equal(repaired.settings?.nodeMeta.a, '2')
  t.equal(repaired.settings?.log.level, 'error')
  t.notOk(repaired.settingsRefused)
  t.end()
})

t.test('a file of settings and services that breaks in one keeps both', t => {
  const conf = openConf(t, { 'all.json': { log_level: 'WARN', service: { name: 'web', port: 1 } } })
  conf.source.load()
  const load = conf.change({ 'all.json': { log_level: 5, service: { name: 'web', port: 2 } } })
  t.same(states(load), ['all.json last-good'])
  t.equal(load.declared.services.get('web')?.definition.port, 1)
  t.equal(load.settings?.log.level, 'warn')
  t.ok(load.settingsRefused)
  t.end()
})

t.test('a first start with bad settings has none', t => {
  const load = openConf(t, { 'agent.json': { log_level: 'LOUD' } }).source.load()
  t.equal(load.settings, undefined)
  t.notOk(load.mayStart)
  t.end()
})

t.test('where a setting comes from', t => {
  const conf = openConf(
    t,
    { '1.json': '{\n "recursors": ["192.0.2.1"], "log_level": "WARN" }', '2.json': { recursors: ['192.0.2.2'] } },
    ['-recursor=192.0.2.9', '-log-level=ERR'],
  )
  const load = conf.source.load()
  t.same(load.settings?.recursors, ['192.0.2.9:53', '192.0.2.1:53', '192.0.2.2:53'], 'flags first')
  t.same(load.settingOrigin('recursors[1]'), { file: conf.path('1.json'), line: 2, column: 16 })
  t.equal(load.settings?.log.level, 'error')
  t.equal(load.settingOrigin('log_level'), undefined, 'a flag')
  const after = conf.change({ '2.json': { recursors: [], ports: { dns: 9600 } } })
  if (load.settings === undefined || after.settings === undefined) throw new Error('settings should be good')
  const changed = settingsDifference(load.settings, after.settings, key => after.settingOrigin(key))
  t.same(changed.live, ['recursors'])
  t.same(changed.needsRestart, [
    { key: 'ports.dns', running: 8600, written: 9600, at: { file: conf.path('2.json'), line: 1, column: 32 } },
  ])
  t.same(
    settingsDifference(load.settings, load.settings, () => undefined),
    { live: [], needsRestart: [] },
  )
  t.end()
})

t.test('the limit of outputs reaches checks in all files', t => {
  const conf = openConf(t, { 'web.json': { service: { name: 'web', check: { ttl: '5s' } } } })
  t.equal(conf.source.load().declared.services.get('web')?.definition.checks[0]?.outputMaxSize, 4096)
  t.equal(
    conf.change({ 'agent.json': { check_output_max_size: 100 } }).declared.services.get('web')?.definition.checks[0]
      ?.outputMaxSize,
    100,
  )
  t.end()
})

t.test('a file that cannot be read keeps its last good content', t => {
  const conf = openConf(t, { 'a.json': web(1) })
  conf.source.load()
  conf.remove('a.json')
  // A link to itself cannot be read by anyone, the superuser included.
  fs.symlinkSync('a.json', conf.path('a.json'))
  const load = conf.source.load(new Set([conf.path('a.json')]))
  t.same(states(load), ['a.json last-good'])
  t.same(findings(load), ['a.json:1:1 error unreadable'])
  t.equal(load.declared.services.get('web')?.definition.port, 1)
  t.end()
})

t.test('a folder that goes away takes nothing with it', t => {
  const conf = openConf(t, { 'a.json': web(1) })
  conf.source.load()
  fs.renameSync(conf.folder, `${conf.folder}-away`)
  t.teardown(() => {
    fs.rmSync(`${conf.folder}-away`, { recursive: true, force: true })
  })
  const load = conf.source.load()
  t.same([...load.declared.services.keys()], ['web'])
  t.same(findings(load), [`${path.basename(conf.folder)}:1:1 error missing`])
  fs.renameSync(`${conf.folder}-away`, conf.folder)
  t.same(findings(conf.source.load()), [])
  t.end()
})

t.test('a preview says what a load would, and leaves everything as it is', t => {
  const conf = openConf(t, { 'a.json': web(1), 'agent.json': { log_level: 'WARN' } })
  const before = conf.source.load()
  conf.write('a.json', web(2))
  conf.write('agent.json', { log_level: 'ERR' })
  const preview = conf.source.preview()
  t.equal(preview.declared.services.get('web')?.definition.port, 2)
  t.equal(preview.settings?.log.level, 'error')
  t.equal(conf.remembered.get(conf.path('a.json')), JSON.stringify(web(1)))
  const broken = conf.change({ 'a.json': '{', 'agent.json': '[' })
  t.equal(
    broken.declared.services.get('web'),
    before.declared.services.get('web'),
    'the fallback is what ran, not what was previewed',
  )
  t.equal(broken.settings, before.settings)
  t.end()
})

t.test('a reload that asks for access rules that deny is refused, and what runs stays', t => {
  const conf = openConf(t, { 'agent.json': { log_level: 'WARN' } })
  const before = conf.source.load().settings
  const { settings, settingsRefused, diagnostics } = conf.change({
    'acl.json': { acl: { enabled: true, default_policy: 'deny' } },
  })
  t.equal(settings, before)
  t.equal(settingsRefused, true)
  t.match(
    diagnostics.filter(({ severity }) => severity === 'error'),
    [{ code: 'no-access-rules' }],
  )
  t.end()
})

t.test('what an agent was before is asked once for each data directory', t => {
  const asked: string[] = []
  const history = (dataDir: string) => {
    asked.push(dataDir)
    return { etcd: false, role: asked.length === 1 ? ('client' as const) : undefined }
  }
  const conf = openConf(t, { 'agent.json': { data_dir: '/tmp/a', advertise_addr: '10.0.0.1' } }, [], { history })
  t.equal(conf.source.load().settings?.engine, 'none')
  t.equal(
    conf.change({ 'more.json': { log_level: 'WARN' } }).settings?.engine,
    'none',
    'a running agent does not change',
  )
  t.same(asked, ['/tmp/a'])
  t.end()
})
