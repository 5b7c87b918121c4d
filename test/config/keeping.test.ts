import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { validatePaths, validateText } from '../../src/config/index.js'
import type { ConfigLoad } from '../../src/config/index.js'
import { isBlankText } from '../../src/config/read/blank-text.js'
import { findings, openConf, states } from './support.js'

// What runs does not shrink because a file is empty, half written, or away.

const web = (port: number): unknown => ({ service: { name: 'web', port } })
const services = (load: ConfigLoad): string[] =>
  [...load.declared.services.values()].map(({ definition: { id, port } }) => `${id}:${port}`).sort()

t.test('texts that say nothing', t => {
  for (const text of ['', ' ', '\n\t\r\n', '// a', '/* a */\n // b\n', '\u00a0'])
    for (const format of ['json', 'hcl'] as const) t.ok(isBlankText(text, format), JSON.stringify(text))
  t.ok(isBlankText('# a\n  # b', 'hcl'))
  for (const text of ['{}', 'null', '0', '# a', '/* a', '/', '// a\n{}', '\0'])
    t.notOk(isBlankText(text, 'json'), JSON.stringify(text))
  t.notOk(isBlankText('# a\nservice {}', 'hcl'))
  t.ok(isBlankText('/* */'.repeat(20_000), 'json'))
  t.end()
})

for (const [kind, text] of [
  ['0 bytes', ''],
  ['a blank', ' '],
  ['a comment', '// to be written\n'],
  ['a byte order mark', '\ufeff'],
] as const) {
  t.test(`a file of ${kind} takes nothing away`, t => {
    const conf = openConf(t, {
      'web.json': web(1),
      'checks.json': { check: { name: 'up', service_id: 'web', ttl: '1m' } },
    })
    conf.source.load()
    const emptied = conf.change({ 'web.json': text })
    t.same(services(emptied), ['web:1'])
    t.same(states(emptied), ['checks.json applied', 'web.json last-good'])
    t.same(findings(emptied), ['web.json:1:1 warning empty-file'], 'the check of its service is fine, too')
    t.same(services(conf.source.load()), ['web:1'], 'an explicit reload makes no statement of it')
    t.same(services(conf.source.preview()), ['web:1'])
    const restarted = conf.restart().load()
    t.same(services(restarted), ['web:1'])
    t.ok(restarted.mayStart)
    t.same(services(conf.change({ 'web.json': web(2) })), ['web:2'])
    t.same(services(conf.change({ 'web.json': '{}' })), [], 'an empty object is a statement')
    t.end()
  })
  t.test(`a new file of ${kind} declares nothing`, t => {
    const load = openConf(t, { 'web.json': text }).source.load()
    t.ok(load.mayStart)
    t.same(
      [services(load), states(load), findings(load)],
      [[], ['web.json applied'], ['web.json:1:1 warning empty-file']],
    )
    t.end()
  })
}

t.test('settings in an emptied file stay, and those of others change', t => {
  const conf = openConf(t, { 'agent.json': { node_name: 'kept' }, 'log.json': { log_level: 'WARN' } })
  conf.source.load()
  const load = conf.change({ 'agent.json': '', 'log.json': { log_level: 'ERR' } })
  t.match(load.settings, { nodeName: 'kept', log: { level: 'error' } })
  t.notOk(load.settingsRefused)
  t.match(conf.restart().load().settings, { nodeName: 'kept' })
  t.end()
})

t.test('a removed file has no earlier content', t => {
  const conf = openConf(t, { 'web.json': web(1) })
  conf.source.load()
  const source = conf.restart()
  source.load()
  conf.remove('web.json')
  t.same(services(source.load()), [], 'the removal is a statement')
  conf.write('web.json', '')
  t.same(services(source.load()), [], 'and an empty file of that name a new one')
  t.end()
})

t.test('a folder without files', t => {
  const folder = t.testdir({ 'notes.txt': '' })
  t.match(
    validatePaths([folder])
      .diagnostics.map(({ severity, code }) => `${severity} ${code}`)
      .sort(),
    ['warning empty-directory', 'warning skipped-file'],
  )
  t.match(validateText('-', '', 'json').diagnostics, [{ severity: 'warning', code: 'empty-file' }])
  const conf = openConf(t, { 'web.json': web(1) })
  conf.remove('web.json')
  const load = conf.source.load()
  t.ok(load.mayStart)
  t.same(findings(load), [`${path.basename(conf.folder)}:1:1 warning empty-directory`])
  t.same(services(conf.change({ 'web.json': web(1) })), ['web:1'])
  t.same(services(conf.change({ 'web.json': undefined })), [], 'the removal of the last file is a statement')
  t.end()
})

const block = (name: string, port = 1): string => `services { name = "${name}" port = ${port} }\n`

/** A folder with an HCL file, which is changed at given times. */
function hcl(t: Parameters<typeof openConf>[0], text: string, more: Readonly<Record<string, unknown>> = {}) {
  const conf = openConf(t, { 'a.hcl': text, ...more })
  conf.source.load()
  /** What runs, and what waits, after the file was changed (or not) at this time. */
  const at = (now: number, changed?: string): ConfigLoad => {
    if (changed !== undefined) conf.write('a.hcl', changed)
    return conf.source.load(new Set([conf.path('a.hcl')]), now)
  }
  return { ...conf, at }
}

t.test('what an HCL file no longer says is taken away two seconds after its last change', t => {
  const { at, source, path: place } = hcl(t, block('a') + block('b'))
  const half = at(0, block('a', 2))
  t.same(services(half), ['a:2', 'b:1'], 'what changed applies at once')
  t.same(half.waiting, [{ path: place('a.hcl'), at: 2000 }])
  t.same(states(half), ['a.hcl applied'])
  t.same(services(source.preview()), ['a:2'], 'a plan says what will be')
  t.same(services(at(1999)), ['a:2', 'b:1'])
  const more = at(1999, block('a', 2) + block('c'))
  t.same(services(more), ['a:2', 'b:1', 'c:1'], 'what is new, too')
  t.same(
    more.waiting.map(each => each.at),
    [3999],
    'each change of the file counts anew',
  )
  const settled = at(3999)
  t.same(services(settled), ['a:2', 'c:1'])
  t.same(settled.waiting, [])
  t.end()
})

t.test('two blocks written one after the other never take the second away', t => {
  const { at } = hcl(t, block('a') + block('b'))
  for (const [now, text] of [
    [0, ''],
    [10, block('a')],
    [1900, block('a') + block('b')],
  ] as const)
    t.same(services(at(now, text)), ['a:1', 'b:1'])
  t.same(at(1901).waiting, [])
  t.end()
})

t.test('what goes at once', t => {
  const explicit = hcl(t, block('a') + block('b'))
  explicit.at(0, block('a'))
  const load = explicit.source.load()
  t.same([services(load), load.waiting], [['a:1'], []], 'with an explicit reload')
  const removed = hcl(t, block('a'))
  removed.remove('a.hcl')
  t.same(services(removed.at(0)), [], 'with the file')
  const json = openConf(t, { 'a.json': { services: [{ name: 'a' }, { name: 'b' }] } })
  json.source.load()
  json.write('a.json', { services: [{ name: 'a' }] })
  t.same(services(json.source.load(new Set([json.path('a.json')]), 0)), ['a:0'], 'what JSON no longer says')
  const likeJson = hcl(t, '{"service": {"name": "a"}, "check": {"name": "c", "ttl": "1m"}}')
  t.equal(likeJson.at(0, '{"service": {"name": "a"}}').declared.checks.size, 0, 'and an HCL file that is written so')
  t.end()
})

t.test('a held entry yields to another file that declares it', t => {
  for (const other of ['0.json', 'z.json']) {
    const conf = hcl(t, block('a') + block('b'))
    conf.write('a.hcl', block('a'))
    conf.write(other, { service: { name: 'b', port: 7 } })
    const load = conf.source.load(new Set([conf.path('a.hcl'), conf.path(other)]), 0)
    t.same([services(load), findings(load)], [['a:1', 'b:7'], []], other)
    t.same(services(conf.at(1, block('a', 2))), ['a:2', 'b:7'])
    t.same(services(conf.at(2001)), ['a:2', 'b:7'])
  }
  t.end()
})

t.test('checks, watches and settings are held, also while the file is broken', t => {
  const rest =
    'check { name = "c" ttl = "1m" }\nwatches = [{ type = "key" key = "k" handler_type = "http" http_handler_config { path = "http://x/" } }]\n'
  const { at, remembered, path: place } = hcl(t, `node_meta { row = "1" rack = "r1" }\n${rest}`)
  const counts = ({ declared, settings }: ConfigLoad): unknown[] => [
    declared.checks.size,
    declared.watches.length,
    settings?.nodeMeta,
  ]
  t.same(counts(at(0, 'node_meta { row = "2" }')), [1, 1, { row: '2', rack: 'r1' }])
  t.match(remembered.get(place('a.hcl')), /rack/, 'it is not what to come back to yet')
  t.same(counts(at(1, 'node_meta { row = ')), [1, 1, { row: '2', rack: 'r1' }])
  t.same(counts(at(2500)), [1, 1, { row: '2', rack: 'r1' }])
  t.same(counts(at(3000, 'node_meta { row = "3" }')), [1, 1, { row: '3', rack: 'r1' }])
  t.same(counts(at(5000)), [0, 0, { row: '3' }])
  t.equal(remembered.get(place('a.hcl')), 'node_meta { row = "3" }')
  t.end()
})

t.test('a file that changes on and on keeps a limited past', t => {
  const { at } = hcl(t, block('first'))
  const sizes = Array.from({ length: 40 }, (_, i) => at(i, block(`s${i}`)).declared.services.size)
  t.equal(Math.max(...sizes), 17)
  t.same(services(at(2039)), ['s39:1'])
  t.end()
})

t.test('a link whose target is away is a broken file', t => {
  const conf = openConf(t, {})
  const target = path.join(conf.folder, 'rel/current/dep.json')
  fs.mkdirSync(path.dirname(target), { recursive: true })
  fs.writeFileSync(target, JSON.stringify(web(1)))
  fs.symlinkSync('rel/current/dep.json', conf.path('dep.json'))
  const changed = new Set([conf.path('dep.json')])
  t.same(services(conf.source.load()), ['web:1'])
  fs.rmSync(path.dirname(target), { recursive: true })
  for (const load of [conf.source.load(changed, 0), conf.source.load()]) {
    t.same(
      [services(load), states(load), findings(load)],
      [['web:1'], ['dep.json last-good'], ['dep.json:1:1 error dangling-link']],
    )
    t.match(load.diagnostics[0]?.message, /dep\.json is a symbolic link to rel\/current\/dep\.json, which is not there/)
  }
  fs.mkdirSync(target, { recursive: true })
  t.match(conf.source.load(changed, 0).diagnostics[0]?.message, /which is a folder/)
  fs.rmdirSync(target)
  t.same(services(conf.restart().load()), ['web:1'], 'remembered over a restart')
  fs.writeFileSync(target, JSON.stringify(web(2)))
  const back = conf.source.load(changed, 0)
  t.same([services(back), findings(back)], [['web:2'], []])
  fs.rmSync(conf.path('dep.json'))
  t.same(services(conf.source.load(changed, 0)), [], 'the removal of the link is a statement')
  t.end()
})

t.test('a folder that was moved away, seen by its files', t => {
  const conf = openConf(t, { 'a.json': web(1), 'b.json': { service: { name: 'b' } } })
  conf.source.load()
  const away = `${conf.folder}-away`
  t.teardown(() => {
    fs.rmSync(away, { recursive: true, force: true })
  })
  const all = new Set([conf.path('a.json'), conf.path('b.json')])
  const name = path.basename(conf.folder)
  fs.renameSync(conf.folder, away)
  for (const load of [conf.source.load(all, 0), conf.source.load(new Set([conf.path('a.json')]), 0)]) {
    t.same([services(load), findings(load)], [['b:0', 'web:1'], [`${name}:1:1 error missing`]])
  }
  fs.mkdirSync(conf.folder)
  const replaced = conf.source.load(all, 0)
  t.same(
    [services(replaced), findings(replaced)],
    [['b:0', 'web:1'], [`${name}:1:1 error directory-replaced`]],
    'an empty one in its place is no statement either',
  )
  conf.source.preview()
  t.same(services(conf.source.load(all, 0)), ['b:0', 'web:1'])
  conf.write('a.json', web(2))
  const begun = conf.source.load(all, 0)
  t.same([services(begun), findings(begun)], [['web:2'], []])
  fs.rmSync(conf.folder, { recursive: true })
  fs.mkdirSync(conf.folder)
  t.same(services(conf.source.load(all, 0)), ['web:2'])
  t.same(services(conf.source.load()), [], 'an explicit reload takes it for one')
  t.end()
})
