import t from 'tap'
import { LocalState, type LocalChange } from '../../src/agent/local-state.js'
import type { EntryOrigin } from '../../src/agent/api.js'
import { check, service } from './definitions.js'

const api: EntryOrigin = { by: 'api' }
const file = (line: number): EntryOrigin => ({ by: 'file', at: { file: 'web.json', line, column: 1 } })

/** A local state and what it has announced since last asked. */
function observed(discardOutput = false) {
  const local = new LocalState({ discardOutput, now: () => 0 })
  const changes: LocalChange[] = []
  local.subscribe(change => {
    changes.push(change)
  })
  return { local, announced: () => changes.splice(0).map(({ kind, id, what }) => `${kind} ${id} ${what}`) }
}

t.test('the same registration again announces nothing and keeps status and output', async t => {
  const { local, announced } = observed()
  const web = () => service('web', { port: 80, checks: [check('web-ttl')] })
  t.same(
    local.putService(web(), api, { replaceChecks: 'none' }).put.map(put => put.id),
    ['web-ttl'],
  )
  t.same(announced(), ['service web put', 'check web-ttl put'])
  local.setStatus('web-ttl', 'passing', 'fine')
  announced()
  const again = local.putService(web(), api, { replaceChecks: 'none' })
  t.same(again, { changed: false, put: [], gone: [] })
  t.same(announced(), [])
  t.match(local.checks().get('web-ttl'), { status: 'passing', output: 'fine' })
})

t.test('a changed registration keeps status and output of existing check ids', async t => {
  const { local, announced } = observed()
  local.putService(service('one', { tags: ['a'], checks: [check('service:one')] }), api, { replaceChecks: 'none' })
  local.putCheck(check('extra', { serviceId: 'one' }), api)
  local.setStatus('service:one', 'passing', 'fine')
  announced()
  local.putService(service('one', { tags: ['c'], checks: [check('service:one', { notes: 'new' })] }), api, {
    replaceChecks: 'none',
  })
  t.match(local.checks().get('service:one'), { status: 'passing', output: 'fine', notes: 'new', serviceTags: ['c'] })
  t.same(
    local.checks().get('extra')?.serviceTags,
    ['a'],
    'a check registered on its own has the tags of its own last write',
  )
  t.same(announced(), ['service one put', 'check service:one put'])
})

t.test('which checks a new registration takes away', async t => {
  const cases = [
    { replaceChecks: 'none', left: ['_service_maintenance:s', 'a', 'b', 'c', 'extra'] },
    { replaceChecks: 'own', left: ['_service_maintenance:s', 'b', 'c', 'extra'] },
    { replaceChecks: 'all', left: ['_service_maintenance:s', 'b', 'c'] },
  ] as const
  for (const { replaceChecks, left } of cases) {
    const { local } = observed()
    local.putService(service('s', { checks: [check('a'), check('b')] }), api, { replaceChecks: 'none' })
    local.putCheck(check('extra', { serviceId: 's' }), api)
    local.mark('s', '')
    local.putService(service('s', { checks: [check('b'), check('c')] }), api, { replaceChecks })
    t.same(
      local
        .checksOfService('s')
        .map(each => each.id)
        .sort(),
      left,
      replaceChecks,
    )
  }
})

t.test('results', async t => {
  const { local, announced } = observed()
  local.putCheck(check('c'), api)
  announced()
  const cases = [
    {
      status: 'critical',
      output: 'first',
      announces: ['check c status'],
      why: 'the first result goes with its output',
    },
    { status: 'critical', output: 'second', announces: ['check c output'] },
    { status: 'critical', output: 'second', announces: [] },
    { status: 'passing', output: 'second', announces: ['check c status'] },
  ] as const
  for (const { status, output, announces } of cases) {
    local.setStatus('c', status, output)
    t.same(announced(), announces)
    t.match(local.checks().get('c'), { status, output })
  }
  local.setStatus('absent', 'passing', '')
  t.same(announced(), [])
})

t.test('discarded outputs', async t => {
  const { local, announced } = observed(true)
  local.putCheck(check('c'), api)
  announced()
  local.setStatus('c', 'passing', 'text')
  t.equal(local.checks().get('c')?.output, '')
  local.discardOutput(false)
  local.setStatus('c', 'passing', 'text')
  t.equal(local.checks().get('c')?.output, 'text')
  local.discardOutput(true)
  t.equal(local.checks().get('c')?.output, '')
})

t.test('maintenance marks', async t => {
  const { local, announced } = observed()
  local.putService(service('web', { tags: ['x'] }), api, { replaceChecks: 'none' })
  announced()
  t.equal(local.mark('absent', ''), false)
  t.equal(local.mark('web', 'upgrade'), true)
  t.equal(local.mark('web', 'other'), true)
  t.same(announced(), ['check _service_maintenance:web put'])
  t.match(local.checks().get('_service_maintenance:web'), {
    name: 'Service Maintenance Mode',
    status: 'critical',
    notes: 'upgrade',
    output: '',
    serviceId: 'web',
    serviceName: 'web',
    serviceTags: ['x'],
    type: 'maintenance',
  })
  local.mark(undefined, '')
  t.match(local.checks().get('_node_maintenance'), {
    name: 'Node Maintenance Mode',
    serviceId: '',
    notes: 'Maintenance mode is enabled for this node, but no reason was provided. This is a default message.',
  })
  local.removeService('web')
  t.same([...local.checks().keys()], ['_node_maintenance'], 'the mark goes with its service')
})

t.test('origins move without a change', async t => {
  const { local, announced } = observed()
  local.putService(service('web', { checks: [check('c')] }), file(2), { replaceChecks: 'own' })
  announced()
  const [services, checks] = [local.services().changes, local.checks().changes]
  local.moveOrigin('service', 'web', file(9))
  t.same(announced(), [])
  t.ok(local.services().changes > services && local.checks().changes > checks, 'but what is shown is another')
  t.same([local.services().get('web')?.origin, local.checks().get('c')?.origin], [file(9), file(9)])
})

t.test('a check that moves to another service belongs to that one only', async t => {
  const { local } = observed()
  local.putService(service('a', { checks: [check('c')] }), api, { replaceChecks: 'none' })
  local.setStatus('c', 'passing', 'fine')
  local.putService(service('b', { checks: [check('c')] }), api, { replaceChecks: 'none' })
  local.removeService('a')
  t.match(local.checks().get('c'), { serviceId: 'b', status: 'passing' })
  t.same(local.checksOfService('a'), [])
})

t.test('waiting for a service', async t => {
  const { local } = observed()
  t.equal(await local.waitForService('absent', 'whatever', 1000), true, 'one that is not there differs')
  local.putService(service('moving', { port: 1, meta: { a: '1', b: '2' } }), api, { replaceChecks: 'none' })
  const hash = local.services().get('moving')?.contentHash ?? ''
  t.match(hash, /^[0-9a-f]{16}$/)
  t.equal(await local.waitForService('moving', 'other', 1000), true)
  t.equal(await local.waitForService('moving', hash, 5), false)
  const abort = new AbortController()
  const aborted = local.waitForService('moving', hash, 60_000, abort.signal)
  abort.abort()
  t.equal(await aborted, false)
  const changed = local.waitForService('moving', hash, 60_000)
  local.putService(service('moving', { port: 1, meta: { b: '2', a: '1' } }), api, { replaceChecks: 'none' })
  t.equal(local.services().get('moving')?.contentHash, hash, 'the order of keys does not count')
  local.putService(service('moving', { port: 2 }), api, { replaceChecks: 'none' })
  t.equal(await changed, true)
  const gone = local.waitForService('moving', local.services().get('moving')?.contentHash ?? '', 60_000)
  local.removeService('moving')
  t.equal(await gone, true)
})

t.test('foreign tags are shown, and what was registered stays known', async t => {
  const { local, announced } = observed()
  const open = () => service('open', { tags: ['mine'], enableTagOverride: true })
  local.putService(open(), api, { replaceChecks: 'none' })
  announced()
  local.adoptTags('open', ['theirs'])
  t.same(local.services().get('open')?.definition.tags, ['theirs'])
  t.equal(local.putService(open(), api, { replaceChecks: 'none' }).changed, false)
  t.same(local.services().get('open')?.definition.tags, ['theirs'])
  t.same(announced(), [])
})
