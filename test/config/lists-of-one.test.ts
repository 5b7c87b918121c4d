import t from 'tap'
import { readContent } from '../../src/config/read/content.js'
import { validateText } from '../../src/config/index.js'

t.test('a list of one is its element wherever one value is expected', t => {
  const text =
    '{ "service": [{ "name": ["web"], "tags": ["a"], "meta": [{ "k": ["v"] }], "check": [{ "ttl": ["10s"], "header": { "h": ["v"] } }] }], "recursors": ["10.0.0.1"] }'
  const content = readContent('web', text, 'json')
  t.same(content.diagnostics, [])
  t.same(
    content.written,
    {
      service: { name: 'web', tags: ['a'], meta: { k: 'v' }, check: { ttl: '10s', header: { h: ['v'] } } },
      recursors: ['10.0.0.1'],
    },
    'lists stay lists',
  )
  t.end()
})

t.test('errors inside have their place', t => {
  t.match(
    validateText('web', '{\n"service": [{\n"name": "web", "check": [{\n"tll": "10s" }] }] }', 'json').diagnostics,
    [{ code: 'unknown-key', at: { line: 4, column: 1 } }],
  )
  t.match(validateText('web', '{\n"service": [{ "name": "web",\n"port": ["80"] }] }', 'json').diagnostics, [
    { code: 'wrong-type', at: { line: 3, column: 10 } },
  ])
  t.match(validateText('web', '{\n"service": [{ "name": "web" },\n{ "name": "api" }] }', 'json').diagnostics, [
    { code: 'wrong-type', message: '"service" must be an object, found a list' },
  ])
  t.end()
})
