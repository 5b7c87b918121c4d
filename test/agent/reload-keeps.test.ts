import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { until } from '../support/until.js'
import { place, startNode } from './node.js'

// Real files, a real watch, and edits that writers and deployments make: what runs does not shrink by them.

const web = (port: number): string => JSON.stringify({ service: { name: 'web', port } })

t.test('a file emptied and written later', async t => {
  const at = place(t, { 'web.json': web(80), 'log.json': { log_level: 'WARN' } })
  const { agent, catalog, log, stop } = await startNode(t, at, { watch: true })
  const file = path.join(at.conf, 'web.json')
  fs.writeFileSync(file, '')
  await until('the empty file is reported', () =>
    agent.lastReload.diagnostics.some(({ code }) => code === 'empty-file'),
  )
  t.match(agent.lastReload, { cause: 'file', outcome: 'applied', changes: [] })
  t.equal(catalog.services.get('n1', 'web')?.port, 80)
  t.match(log.lines.find(line => line.message === 'configuration warning')?.fields, {
    at: /web\.json:1:1/,
    code: 'empty-file',
  })
  for (const cause of ['api', 'signal'] as const) t.same((await agent.reload(cause)).changes, [], cause)
  t.same((await agent.plan()).changes, [])
  t.equal(agent.files.find(each => each.path === file)?.state, 'last-good')
  fs.writeFileSync(file, web(81))
  await until('the content is applied', () => catalog.services.get('n1', 'web')?.port === 81)
  t.same(agent.lastReload.diagnostics, [])
  fs.writeFileSync(file, '# only')
  fs.writeFileSync(file, '  \n')
  await stop()
  const second = await startNode(t, at)
  t.equal(second.agent.services().get('web')?.definition.port, 81, 'also over a restart')
})

t.test('an HCL file written in two parts, and one that says less for good', async t => {
  const block = (name: string): string => `services {\n  name = "${name}"\n}\n`
  const at = place(t, { 'a.hcl': block('a') + block('b') })
  const { agent, log } = await startNode(t, at, { watch: true })
  const file = path.join(at.conf, 'a.hcl')
  fs.writeFileSync(file, block('a'))
  await until('it is seen that something is missing', () => agent.lastReload.removalsWait.length === 1)
  t.same(agent.lastReload.removalsWait, [file])
  t.same([...agent.services().keys()].sort(), ['a', 'b'])
  t.match(log.lines.find(line => line.message.startsWith('what a changed HCL file no longer declares'))?.fields, {
    file,
  })
  t.match((await agent.plan()).changes, [{ op: 'remove', id: 'b' }])
  fs.appendFileSync(file, block('b') + block('c'))
  await until('the second part is applied', () => agent.services().has('c'))
  t.same(agent.lastReload.removalsWait, [])
  t.ok(agent.services().has('b'))
  fs.writeFileSync(file, block('a') + block('b'))
  await until('what stays away is taken away', () => !agent.services().has('c'))
  t.match(agent.lastReload, {
    cause: 'file',
    outcome: 'applied',
    changes: [{ op: 'remove', id: 'c' }],
    removalsWait: [],
  })
  fs.writeFileSync(file, block('a'))
  t.match((await agent.reload('api')).changes, [{ op: 'remove', id: 'b' }], 'an explicit reload does not wait')
})

t.test('links whose targets are away, and come back', async t => {
  const at = place(t)
  const release = path.join(path.dirname(at.conf), 'rel')
  const write = (version: string, port: number): void => {
    fs.mkdirSync(path.join(release, version), { recursive: true })
    fs.writeFileSync(path.join(release, version, 'dep.json'), web(port))
  }
  write('current', 1)
  fs.symlinkSync('../rel/current/dep.json', path.join(at.conf, 'dep.json'))
  const { agent } = await startNode(t, at, { watch: true })
  const port = (): number | undefined => agent.services().get('web')?.definition.port
  fs.rmSync(path.join(release, 'current'), { recursive: true })
  await until('the missing target is reported', () => agent.lastReload.outcome === 'partly')
  t.match(agent.lastReload.diagnostics, [
    {
      code: 'dangling-link',
      message: /dep\.json is a symbolic link to \.\.\/rel\/current\/dep\.json, which is not there/,
    },
  ])
  t.equal(port(), 1)
  write('current', 2)
  await until('the new target is applied', () => port() === 2)
  t.equal(agent.lastReload.outcome, 'applied')
  fs.rmSync(path.join(at.conf, 'dep.json'))
  await until('the removal of the link is applied', () => port() === undefined)
})

t.test('a mounted ConfigMap whose data is away for a moment', async t => {
  const at = place(t)
  const version = (name: string, port: number): void => {
    fs.mkdirSync(path.join(at.conf, name))
    fs.writeFileSync(path.join(at.conf, name, 'web.json'), web(port))
  }
  version('..v1', 1)
  fs.symlinkSync('..v1', path.join(at.conf, '..data'))
  fs.symlinkSync('..data/web.json', path.join(at.conf, 'web.json'))
  const { agent } = await startNode(t, at, { watch: true })
  fs.rmSync(path.join(at.conf, '..data'))
  await until('it is reported', () => agent.lastReload.outcome === 'partly')
  t.equal(agent.services().get('web')?.definition.port, 1)
  version('..v2', 2)
  fs.symlinkSync('..v2', path.join(at.conf, '..data'))
  await until('the new data is applied', () => agent.services().get('web')?.definition.port === 2)
  t.equal(agent.lastReload.outcome, 'applied')
})

t.test('the whole directory moved away, and back', async t => {
  const at = place(t, { 'web.json': web(1), 'b.json': { service: { name: 'b' } } })
  const { agent, log } = await startNode(t, at, { watch: true })
  fs.renameSync(at.conf, `${at.conf}-away`)
  await until('it is reported', () => agent.lastReload.outcome === 'partly')
  t.match(agent.lastReload.diagnostics, [{ code: 'missing' }])
  t.same([...agent.services().keys()].sort(), ['b', 'web'])
  t.match(log.lines.find(line => line.message === 'configuration error')?.fields, { code: 'missing' })
  fs.writeFileSync(path.join(`${at.conf}-away`, 'web.json'), web(2))
  fs.renameSync(`${at.conf}-away`, at.conf)
  await until(
    'what came back is applied',
    () => agent.lastReload.outcome === 'applied' && agent.services().get('web')?.definition.port === 2,
  )
  fs.rmSync(at.conf, { recursive: true })
  await until('the removal is reported', () => agent.lastReload.outcome === 'partly')
  t.same([...agent.services().keys()].sort(), ['b', 'web'])
  fs.mkdirSync(at.conf)
  at.write('web.json', web(3))
  await until('the files of the new one are applied', () => agent.services().get('web')?.definition.port === 3)
})
