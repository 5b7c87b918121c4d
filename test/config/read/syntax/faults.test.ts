import t from 'tap'
import { parseDocument } from '../../../../src/config/read/syntax/index.js'
import type { ConfigFormat } from '../../../../src/config/read/syntax/index.js'

interface Case {
  readonly text: string
  readonly at: string
  readonly message: RegExp
  readonly hint?: RegExp
  readonly other?: string
  readonly code?: string
}

const json: readonly Case[] = [
  {
    text: '{',
    at: '1:2',
    message: /expected "}", found the end of the file/,
    hint: /"{" at 1:1 is never closed/,
    other: '1:1',
  },
  { text: '{\n', at: '1:2', message: /end of the file/ },
  { text: '{"a": {"b": 1}\n\n', at: '1:15', message: /expected "}"/, hint: /at 1:1/ },
  { text: '{"a": [1, 2', at: '1:12', message: /expected "]"/, hint: /"\[" at 1:7/ },
  { text: '{"a": ', at: '1:6', message: /expected a value/ },
  { text: '{"a', at: '1:4', message: /never closed/, hint: /closing "/, other: '1:2' },
  {
    text: '{\n  "name": "web,\n  "port": 80\n}',
    at: '2:16',
    message: /opens at 2:11 is not closed on its line/,
    other: '2:11',
  },
  {
    text: '{\n  "a": 1\n  "b": 2\n}',
    at: '3:3',
    message: /expected "," or "}", found "b"/,
    hint: /comma is missing after "1"/,
  },
  { text: '{a: [1 2]}', at: '1:8', message: /expected "," or "]", found "2"/, hint: /comma is missing/ },
  { text: '{"a" = 1}', at: '1:6', message: /expected ":" after the key "a", found "="/, hint: /not "="/ },
  { text: '{"a" 1}', at: '1:6', message: /expected ":"/, hint: /":" after "a" is missing/ },
  { text: '{"a": {"b": 1}}}', at: '1:16', message: /expected the end of the file, found "}"/, hint: /too many/ },
  { text: '{a: 1}\n{b: 2}', at: '2:1', message: /expected the end of the file/, hint: /one object/ },
  { text: '{a: 1,, b: 2}', at: '1:7', message: /expected a key/, hint: /comma too many/ },
  {
    text: '{a: [1}',
    at: '1:7',
    message: /expected "," or "]", found "}"/,
    hint: /close the "\[" at 1:5/,
    other: '1:5',
  },
  { text: '{a: {b: 1]}', at: '1:10', message: /found "]"/, other: '1:5' },
  { text: '{interval: 10s}', at: '1:12', message: /found "10s"/, hint: /needs quotes: "10s"/ },
  { text: '{a: True}', at: '1:5', message: /found "True"/, hint: /write true/ },
  { text: '{a: 007}', at: '1:5', message: /found "007"/, hint: /does not begin with 0/ },
  { text: '{a-b: 1}', at: '1:3', message: /expected ":"/, hint: /put the key in quotes/ },
  { text: '{80: 1}', at: '1:2', message: /expected a key/, hint: /quotes/ },
  { text: '{a: 1; b: 2}', at: '1:6', message: /found ";"/, hint: /not ";"/ },
  { text: '{a: 1, # note\n b: 2}', at: '1:8', message: /expected a key/, hint: /begin with \/\// },
  { text: '{a: "\\u12"}', at: '1:6', message: /no escape/ },
  { text: '{a: "\\x"}', at: '1:6', message: /no escape/ },
  { text: '{a: 1 /* note', at: '1:14', message: /never closed/, other: '1:7' },
  { text: 'service {\n}', at: '1:1', message: /expected "{", found "service"/, hint: /HCL/ },
  { text: '[1]', at: '1:1', code: 'not-an-object', message: /found a list/ },
  { text: ' null', at: '1:2', code: 'not-an-object', message: /found null/ },
  { text: '// a\n"x"', at: '2:1', code: 'not-an-object', message: /found a string/ },
  { text: `{a: ${'['.repeat(64)}${']'.repeat(64)}}`, at: '1:68', code: 'too-deep', message: /deeper than 64/ },
  {
    text: `{a: ${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    at: '1:68',
    code: 'too-deep',
    message: /deeper than 64/,
  },
  { text: `{"a": ${'{"b":'.repeat(100_000)}`, at: '1:322', code: 'too-deep', message: /deeper than 64/ },
]

const hcl: readonly Case[] = [
  { text: 'service { name = ', at: '1:17', message: /expected a value for "name", found the end of the file/ },
  {
    text: 'service {\n',
    at: '1:10',
    message: /expected "}", found the end of the file/,
    hint: /"{" at 1:9 is never closed/,
    other: '1:9',
  },
  { text: 'tags = ["a",\n', at: '1:13', message: /expected "]"/, other: '1:8' },
  { text: 'tags = ["a" "b"]', at: '1:13', message: /expected "," or "]", found "b"/, hint: /comma is missing/ },
  { text: 'tags = ["a",, "b"]', at: '1:13', message: /expected a value or "]"/, hint: /comma too many/ },
  { text: 'tags = ["a"\nport = 1', at: '2:1', message: /expected "," or "]", found "port"/ },
  { text: 'a = [1}', at: '1:7', message: /found "}"/, hint: /close the "\[" at 1:5/ },
  { text: 'a { b = [ }', at: '1:11', message: /found "}"/, hint: /close the "\[" at 1:9/ },
  { text: 'a = 1,,\nb = 2', at: '1:7', message: /expected a key, found ","/, hint: /comma too many/ },
  { text: 'a { b = 1,, c = 2 }', at: '1:11', message: /found ","/ },
  { text: 'a { , }', at: '1:5', message: /found ","/ },
  { text: 'name "web"\nport = 1', at: '2:1', message: /expected "{"/, hint: /write name = "web"/ },
  { text: 'port 80', at: '1:6', message: /expected "=" or "{" after "port", found "80"/ },
  { text: 'port: 80', at: '1:5', message: /found ":"/, hint: /write "="/ },
  { text: 'port =\nname = "x"', at: '2:1', message: /expected a value for "port"/, hint: /value of "port" is missing/ },
  { text: 'name = web', at: '1:8', message: /found "web"/, hint: /needs quotes: "web"/ },
  { text: 'server = True', at: '1:10', message: /found "True"/, hint: /write true/ },
  { text: 'interval = 10s', at: '1:12', message: /found "10s"/, hint: /needs quotes: "10s"/ },
  { text: 'address = 10.0.0.1', at: '1:11', message: /found "10.0.0.1"/, hint: /quotes/ },
  { text: 'a = 089', at: '1:5', message: /not a number/ },
  { text: "a = 'x'", at: '1:5', message: /begins nothing/, hint: /double quotes/ },
  { text: 'a = 1;', at: '1:6', message: /begins nothing/, hint: /line breaks/ },
  { text: 'a = "x\nb = 1', at: '1:7', message: /not closed on its line/, other: '1:5' },
  { text: 'a = "x', at: '1:7', message: /never closed/, other: '1:5' },
  { text: 'a = "${x"', at: '1:10', message: /never closed/, other: '1:6' },
  { text: 'a = "\\q"', at: '1:6', message: /no escape/ },
  { text: 'a = <<EOF\nfoo\n', at: '2:4', message: /never closed/, hint: /EOF on a line of its own/, other: '1:5' },
  { text: 'a = <<EOF foo', at: '1:5', message: /expected <<EOF and a line break/ },
  { text: '/* note', at: '1:8', message: /never closed/ },
  { text: 'a = 1\n}', at: '2:1', message: /expected a key, found "}"/, hint: /too many/ },
  { text: '{"a": 1}}', at: '1:9', message: /expected the end of the file/ },
  {
    text: '{"dns_config": {"service_ttl": {"web": "5s"} "node_ttl": "9s"}}',
    at: '1:46',
    message: /expected "," or "}"/,
    hint: /comma is missing/,
  },
  { text: '{"a" = 1}', at: '1:6', message: /expected ":"/, hint: /not "="/ },
  {
    text: 'services "web" { }',
    at: '1:10',
    code: 'unexpected-label',
    message: /takes no label, found "web"/,
    hint: /services { name = "web" }/,
  },
  { text: `a = ${'['.repeat(100_000)}`, at: '1:69', code: 'too-deep', message: /deeper than 64/ },
  { text: `a ${'"b" '.repeat(100)}{}`, at: '1:259', code: 'too-deep', message: /deeper than 64/ },
]

for (const [format, cases] of [
  ['json', json],
  ['hcl', hcl],
] as [ConfigFormat, readonly Case[]][]) {
  t.test(`what ${format} gets wrong is named with its place`, async t => {
    for (const { text, at, message, hint, other, code = 'syntax' } of cases) {
      const name = JSON.stringify(text.slice(0, 40))
      const { diagnostics } = parseDocument('conf/zz', text, format)
      t.equal(diagnostics.length, 1, `${name}: one finding`)
      const found = diagnostics[0]
      t.equal(found?.severity, 'error')
      t.equal(found?.code, code, `${name}: code`)
      t.equal(found?.at?.file, 'conf/zz')
      t.equal(`${found?.at?.line}:${found?.at?.column}`, at, `${name}: place`)
      t.match(found?.message, message, `${name}: message`)
      if (hint !== undefined) t.match(found?.hint, hint, `${name}: hint`)
      if (other !== undefined) t.equal(`${found?.other?.line}:${found?.other?.column}`, other, `${name}: other place`)
    }
  })
}

t.test('a file beyond the size limit is refused before it is parsed', async t => {
  const { ok, diagnostics } = parseDocument('f', ' '.repeat(16 * 1024 * 1024 + 1), 'json')
  t.equal(ok, false)
  t.equal(diagnostics[0]?.code, 'too-large')
})
