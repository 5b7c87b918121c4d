import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { validatePaths } from '../../src/config/index.js'
import { findings, openConf, states } from './support.js'

const web = (port: number): string => JSON.stringify({ service: { name: 'web', port } })

t.test('only plain configuration files directly inside a folder are read', t => {
  const folder = t.testdir({
    'a.json': '{}',
    'B.JSON': '{}',
    'c.json5': '{}',
    'd.hcl': 'log_level = "WARN"',
    '.hidden.json': '{',
    'e.json~': '{',
    '#f.json#': '{',
    '.g.json.swp': '{',
    'h.json.bak': '{',
    'sub.json': { 'inside.json': '{' },
    'link.json': t.fixture('symlink', 'a.json'),
    'folder-link.json': t.fixture('symlink', 'sub.json'),
  })
  const { files, diagnostics } = validatePaths([folder])
  t.same(
    files.map(file => path.basename(file)),
    ['B.JSON', 'a.json', 'c.json5', 'd.hcl', 'link.json'],
  )
  const told = diagnostics.map(({ severity, message }) => `${severity} ${message.slice(folder.length + 1)}`).sort()
  t.same(told, [
    'warning .hidden.json is not read: it is hidden',
    'warning folder-link.json is not read: it is a symbolic link to a folder',
    'warning sub.json is not read: it is a folder',
  ])
  t.end()
})

t.test('names stand in byte order', t => {
  const names = ['a.json', 'Z.json', 'ä.json', '10.json', '9.json', '\u{1f600}.json', '\ufb01.json']
  const folder = t.testdir(Object.fromEntries(names.map(name => [name, '{}'])))
  const expected = [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  t.same(
    validatePaths([folder]).files.map(file => path.basename(file)),
    expected,
  )
  t.end()
})

t.test('a pipe in the folder is not waited for', t => {
  const folder = t.testdir({ 'a.json': '{}' })
  execFileSync('mkfifo', [path.join(folder, 'x.json')])
  fs.symlinkSync(path.join(folder, 'nowhere.json'), path.join(folder, 'y.json'))
  const { files, diagnostics } = validatePaths([folder])
  t.same(
    files.map(file => path.basename(file)),
    ['a.json', 'y.json'],
  )
  t.match(
    diagnostics.map(({ severity, message }) => `${severity} ${message}`),
    [
      /^warning .*x\.json is not read: it is a pipe/,
      /^error .*y\.json is a symbolic link to .*nowhere\.json, which is not there/,
    ],
  )
  t.match(validatePaths([path.join(folder, 'x.json')]).diagnostics, [
    { severity: 'error', code: 'not-a-file', message: /is a pipe/ },
  ])
  t.end()
})

t.test('files and folders in the order given, each file once', t => {
  const folder = t.testdir({ 'conf': { 'a.json': web(1) }, 'b.json': '{"service": {"name": "b"}}' })
  const [conf, a, b] = [path.join(folder, 'conf'), path.join(folder, 'conf', 'a.json'), path.join(folder, 'b.json')]
  t.same(validatePaths([b, conf, a]).files, [b, a])
  t.same(validatePaths([a, b, `${conf}/`]).files, [a, b])
  t.same(validatePaths([a, b, a]).diagnostics, [], 'not a duplicate of itself')
  t.end()
})

t.test('paths and formats', t => {
  const folder = t.testdir({ 'a.conf': 'service { name = "x" }', 'b.json': '{}' })
  const codes = (...options: Parameters<typeof validatePaths>): string[] =>
    validatePaths(...options).diagnostics.map(({ code }) => code)
  t.same(codes([path.join(folder, 'a.conf')]), ['unknown-format'])
  t.same(validatePaths([path.join(folder, 'a.conf')], { format: 'hcl' }).services, 1)
  t.same(codes([folder], { format: 'json' }), ['syntax'], 'a forced format reads every file')
  t.same(codes([path.join(folder, 'nowhere')]), ['missing'])
  t.end()
})

t.test('a folder mounted by Kubernetes: links behind a link that is turned', t => {
  const conf = openConf(t, {})
  const version = (name: string, port: number): void => {
    fs.mkdirSync(conf.path(name))
    fs.writeFileSync(path.join(conf.path(name), 'web.json'), web(port))
    fs.symlinkSync(name, conf.path('..data_tmp'))
    fs.renameSync(conf.path('..data_tmp'), conf.path('..data'))
  }
  version('..v1', 1)
  fs.symlinkSync('..data/web.json', conf.path('web.json'))
  t.equal(conf.source.load().declared.services.get('web')?.definition.port, 1)
  t.same(
    conf.source.watchTargets.folders,
    [conf.folder, fs.realpathSync(conf.path('..v1'))],
    'what the links lead to is watched too',
  )
  version('..v2', 2)
  const load = conf.source.load(new Set([conf.path('..data')]))
  t.equal(load.declared.services.get('web')?.definition.port, 2)
  t.same(states(load), ['web.json applied'])
  t.end()
})

t.test('a file named on its own', t => {
  const conf = openConf(t, { 'web.json': web(1) })
  const file = conf.path('web.json')
  const source = conf.restart({ paths: [file] })
  t.equal(source.load().declared.services.get('web')?.definition.port, 1)
  t.same(source.watchTargets, { folders: [], files: [file] })
  fs.rmSync(file)
  const gone = source.load(new Set([file]))
  t.equal(gone.declared.services.get('web')?.definition.port, 1, 'a file that should be there takes nothing with it')
  t.same(findings(gone), ['web.json:1:1 error missing'])
  fs.writeFileSync(file, web(2))
  t.equal(source.load(new Set([file])).declared.services.get('web')?.definition.port, 2)
  t.end()
})
