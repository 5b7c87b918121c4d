import fs from 'node:fs'
import t from 'tap'
import { decodeUtf8, dotted, parseDocument } from '../../../../src/config/read/syntax/index.js'
import type { ConfigFormat, Document, ListKeys } from '../../../../src/config/read/syntax/index.js'

function parsed(text: string, format: ConfigFormat, listKeys?: ListKeys): Document {
  const result = parseDocument('f', text, format, listKeys)
  if (!result.ok)
    throw new Error(
      result.diagnostics.map(found => `${found.at?.line}:${found.at?.column} ${found.message}`).join('\n'),
    )
  t.same(result.diagnostics, [])
  return result.document
}

t.test('what JSON5 allows beyond JSON', async t => {
  const text =
    '//web3.json\n{\n  service: {name: \'web\', "port": 0x50, tags: [\'a\', "b",],}, // end\n  /* and */ $ok: +Infinity, caf\\u00e9: .5,\n}\n'
  t.same(parsed(text, 'json').value, { service: { name: 'web', port: 80, tags: ['a', 'b'] }, $ok: Infinity, café: 0.5 })
  for (const empty of ['', ' \n', '// nothing yet', '/* a */\n// b\n'])
    t.same(parsed(empty, 'json').value, {}, JSON.stringify(empty))
})

t.test('HCL means the same with the line breaks of Windows', async t => {
  const text =
    'server = true,\nservice {\n  name = "crlf"\n  meta {\n    plain = <<EOF\nline1\n  line2\nEOF\n    taken = <<-EOF\n      line1\n      EOF\n  }\n}\n'
  const expected = { server: true, service: { name: 'crlf', meta: { plain: 'line1\n  line2\n', taken: 'line1\n' } } }
  t.same(parsed(text, 'hcl').value, expected)
  t.same(parsed(text.replaceAll('\n', '\r\n'), 'hcl').value, expected)
})

t.test('HCL has the shape that JSON of the same meaning has', async t => {
  const cases: readonly [string, unknown][] = [
    ['', {}],
    ['# nothing\n// yet\n/* at all */', {}],
    [
      'service {\n  name = "hcl"\n  port = 9000\n  tags = ["x"]\n  check = {\n    ttl = "1h"\n  }\n}\n',
      { service: { name: 'hcl', port: 9000, tags: ['x'], check: { ttl: '1h' } } },
    ],
    [
      'node_meta {\n  extra = "yes"\n}\nservices {\n  name = "third"\n}\nservices {\n  name = "fourth"\n}\n',
      { node_meta: { extra: 'yes' }, services: [{ name: 'third' }, { name: 'fourth' }] },
    ],
    ['services { name = "one" }', { services: [{ name: 'one' }] }],
    ['services = [{ name = "one" }, { name = "two" },]', { services: [{ name: 'one' }, { name: 'two' }] }],
    [
      'service { checks { ttl = "1s" } checks { ttl = "2s" } }',
      { service: { checks: [{ ttl: '1s' }, { ttl: '2s' }] } },
    ],
    ['a { x = 1, y = 2 }', { a: { x: 1, y: 2 } }],
    ['other { a = 1 }\nother { a = 2 }\nother { a = 3 }', { other: [{ a: 1 }, { a: 2 }, { a: 3 }] }],
    ['key "a" "b" { p = 1 }\nkey "a" "c" { p = 2 }', { key: { a: { b: { p: 1 }, c: { p: 2 } } } }],
    [
      '"quoted key" = 1\nwith-dash = 2\nwith.dot = 3\n_u = 4',
      { 'quoted key': 1, 'with-dash': 2, 'with.dot': 3, '_u': 4 },
    ],
    [
      'n = [1, -2, 0x1F, 0755, 1.5, -.5, 1e3, 2.5E-1, true, false]',
      { n: [1, -2, 31, 493, 1.5, -0.5, 1000, 0.25, true, false] },
    ],
    ['s = "a\\n\\t\\"\\\\\\u00e9\\U0001F600"', { s: 'a\n\t"\\é😀' }],
    ['s = "${join(",", "${x}")}\\n"', { s: '${join(",", "${x}")}\n' }],
    ['s = <<EOF\none\n  two\nEOF\nn = 1', { s: 'one\n  two\n', n: 1 }],
    ['s = <<-EOF\n    one\n      two\n\n    EOF\n', { s: 'one\n  two\n\n' }],
    ['s = <<-EOF\n  one\n two\n   EOF\n', { s: '  one\n two\n' }],
    ['s = [<<A\nx\nA\n, "y"]', { s: ['x\n', 'y'] }],
    [
      '{"a": 1, "service": {"name": "web", "tags": ["x", null]}}',
      { a: 1, service: { name: 'web', tags: ['x', null] } },
    ],
    ['\ufeffa = 1', { a: 1 }],
  ]
  for (const [text, value] of cases) t.same(parsed(text, 'hcl').value, value, JSON.stringify(text))
})

t.test('the schema decides which HCL blocks are lists', async t => {
  const asked: string[] = []
  const listKeys: ListKeys = path => {
    asked.push(dotted(path))
    return path.at(-1) === 'paths' ? 'list' : path.at(-1) === 'ports' ? 'object' : 'unknown'
  }
  const document = parsed('paths { a = 1\n paths { b = 2 } }\nports { http = 1 }', 'hcl', listKeys)
  t.same(document.value, { paths: [{ a: 1, paths: [{ b: 2 }] }], ports: { http: 1 } })
  t.ok(asked.includes('paths[0].paths'), 'asked with the place in the list')
  const twice = parseDocument('f', 'ports { http = 1 }\nports { dns = 2 }', 'hcl', listKeys)
  t.match(twice.diagnostics, [
    {
      code: 'duplicate-key',
      key: 'ports',
      at: { line: 2, column: 1 },
      other: { line: 1, column: 1 },
      hint: /one block/,
    },
  ])
})

t.test('a key that stands twice is an error that names both places', async t => {
  const cases: readonly [ConfigFormat, string, string, string, string][] = [
    ['json', '{"a": 1,\n "a": 2}', 'a', '1:2', '2:2'],
    ['json', '{"s": [{"x": {"b": 1, "b": 1}}]}', 's[0].x.b', '1:15', '1:23'],
    ['json', "{a: 1, '\\x61': 2}", 'a', '1:2', '1:8'],
    ['json', '{"a": "{b: 1, c: 2", /* a: 3 */ "a": 2}', 'a', '1:2', '1:33'],
    ['hcl', 'a = 1\na = 2', 'a', '1:1', '2:1'],
    ['hcl', 'service {\n name = "a"\n}\nservice {\n name = "b"\n}', 'service', '1:1', '4:1'],
    ['hcl', 'services { check { } check { } }', 'services[0].check', '1:12', '1:22'],
    ['hcl', 'services = []\nservices { }', 'services', '1:1', '2:1'],
    ['hcl', 'key "a" { }\nkey "a" = 1', '', '', ''],
  ]
  for (const [format, text, key, first, second] of cases) {
    const { diagnostics } = parseDocument('f', text, format)
    if (key === '') {
      t.equal(diagnostics[0]?.code, 'syntax', text)
      continue
    }
    t.equal(diagnostics.length, 1, text)
    const found = diagnostics[0]
    t.equal(found?.code, 'duplicate-key')
    t.equal(found?.key, key)
    t.equal(`${found?.other?.line}:${found?.other?.column}`, first, text)
    t.equal(`${found?.at?.line}:${found?.at?.column}`, second, text)
  }
  t.match(parseDocument('f', 'service { }\nservice { }', 'hcl').diagnostics[0]?.hint, /services {/)
})

t.test('__proto__ is refused and reaches nobody', async t => {
  for (const [format, text] of [
    ['json', '{"a": {"__proto__": {"polluted": true}}}'],
    ['json', "{a: {'\\x5f_proto__': {polluted: true}}}"],
    ['hcl', 'a { __proto__ { polluted = true } }'],
    ['hcl', 'a { }\na2 "__proto__" { polluted = true }'],
  ] as [ConfigFormat, string][]) {
    const result = parseDocument('f', text, format)
    t.match(result.diagnostics, [{ severity: 'error', code: 'unknown-key', at: { line: Number } }], text)
    if (!result.ok) {
      t.fail(text)
      return
    }
    t.same(Object.keys(result.document.value.a as object), [], text)
    t.equal(({} as { polluted?: boolean }).polluted, undefined)
    t.equal((result.document.value.a as { polluted?: boolean }).polluted, undefined)
  }
})

t.test('places of keys and values', async t => {
  const texts: readonly [ConfigFormat, string][] = [
    [
      'json',
      '// x\n{\n  services: [\n    {"name": "a"},\n    /* , */ {name: "b", check:\n      {http: "}", n: [1, {x: 2}]}},\n  ],\n}\n',
    ],
    [
      'hcl',
      '# x\n\nservices { name = "a" }\n\nservices { name = "b"\n  check {\n http = "}"\n  n = [1, {x = 2}] } }\n',
    ],
  ]
  const expected: readonly (readonly [readonly (string | number)[], 'key' | 'value', string, string])[] = [
    [['services'], 'key', '3:3', '3:1'],
    [['services', 0], 'value', '4:5', '3:10'],
    [['services', 1], 'value', '5:13', '5:10'],
    [['services', 1, 'name'], 'key', '5:14', '5:12'],
    [['services', 1, 'name'], 'value', '5:20', '5:19'],
    [['services', 1, 'check', 'n', 1, 'x'], 'value', '6:30', '8:16'],
    [['services', 1, 'check', 'missing', 3], 'key', '5:25', '6:3'],
    [['services', 7, 'name'], 'key', '3:3', '3:1'],
  ]
  texts.forEach(([format, text], which) => {
    const document = parsed(text, format)
    for (const row of expected) {
      const { line, column } = document.locate(row[0], row[1])
      t.equal(`${line}:${column}`, row[which + 2], `${format} ${dotted(row[0])} ${row[1]}`)
    }
  })
  t.same(parsed('', 'json').locate(['a']), { line: 1, column: 1 })
  t.same(parsed('\n {}', 'json').locate([]), { line: 2, column: 2 })
})

t.test('bytes are UTF-8, or the first that is not is named', async t => {
  t.same(decodeUtf8('f', Buffer.from('\ufeff{"a": "é"}')), { ok: true, text: '{"a": "é"}' })
  const bad = (bytes: readonly number[]) => {
    const result = decodeUtf8('f', Uint8Array.from(bytes))
    return result.ok ? undefined : result.diagnostics[0]
  }
  t.match(bad([0x7b, 0x0a, 0x20, 0xff, 0x7d]), {
    code: 'encoding',
    at: { file: 'f', line: 2, column: 2 },
    message: /0xff/,
  })
  t.match(
    bad([0xef, 0xbb, 0xbf, 0xef, 0xbf, 0xbd, 0xc3, 0xa9, 0xe9]),
    { at: { line: 1, column: 3 }, message: /0xe9/ },
    'behind a byte order mark and a real U+FFFD',
  )
  t.match(bad([0x7b, 0xe2, 0x82]), { at: { line: 1, column: 2 } }, 'a character cut short')
  t.match(bad([0xff, 0xfe, 0x7b, 0x00]), { hint: /UTF-16/ })
})

t.test('the example declarations of the conformance cases parse', async t => {
  const folder = 'test/conformance/cases'
  if (!fs.existsSync(folder)) return
  for (const name of fs.readdirSync(folder).filter(name => name.endsWith('.json'))) {
    const { config = {} } = JSON.parse(fs.readFileSync(`${folder}/${name}`, 'utf8')) as {
      config?: Record<string, unknown>
    }
    for (const [file, content] of Object.entries(config)) {
      if (!/\.(json|hcl)$/.test(file)) continue
      const text = typeof content === 'string' ? content : JSON.stringify(content)
      t.ok(parseDocument(file, text, file.endsWith('.hcl') ? 'hcl' : 'json').ok, `${name}: ${file}`)
    }
  }
})
