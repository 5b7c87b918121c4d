import assert from 'node:assert/strict'
import { parse as parseWithMomoa } from '@humanwhocodes/momoa'
import type { ValueNode } from '@humanwhocodes/momoa'
import fc from 'fast-check'
import JSON5 from 'json5'
import t from 'tap'
import { parseDocument, parseHcl } from '../../../../src/config/read/syntax/index.js'
import type { Document } from '../../../../src/config/read/syntax/index.js'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

const key = fc
  .oneof(fc.stringMatching(/^[a-z_][a-z0-9_-]{0,8}$/), fc.string({ maxLength: 6 }))
  .filter(name => name !== '__proto__')
const finite = fc
  .oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }))
  .map(number => (number === 0 ? 0 : number))
const { value: json } = fc.letrec(tie => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    finite,
    fc.string(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}))
const object = fc.dictionary(key, json, { maxKeys: 5, noNullPrototype: true }) as fc.Arbitrary<Record<string, Json>>

function read(text: string, format: 'json' | 'hcl'): Document {
  const result = parseDocument('f', text, format, () => 'unknown')
  if (!result.ok || result.diagnostics.length > 0) throw new Error(`${text}\n${JSON.stringify(result.diagnostics)}`)
  return result.document
}

t.test('JSON and JSON5 come back as they went', async () => {
  fc.assert(
    fc.property(object, fc.constantFrom(0, 2), (value, indent) => {
      assert.deepEqual(read(JSON.stringify(value, null, indent), 'json').value, value)
      assert.deepEqual(read(`// note\n${JSON5.stringify(value, null, indent)} /* , */`, 'json').value, value)
      // In HCL a text's dollar and brace begin an interpolation, which goes on to its closing brace.
      const text = JSON.stringify(value, null, indent)
      if (!text.includes('${')) assert.deepEqual(read(text, 'hcl').value, value)
    }),
  )
})

t.test('HCL comes back as it went', async () => {
  fc.assert(
    fc.property(object, fc.boolean(), (value, blocks) => {
      const plain = withoutNull(value) as Record<string, Json>
      const text = body(plain, blocks)
      if (!text.includes('${')) assert.deepEqual(read(text, 'hcl').value, plain)
    }),
  )
})

t.test('places agree with another parser', async () => {
  fc.assert(
    fc.property(object, fc.constantFrom(0, 1, 3), fc.boolean(), (value, indent, json5) => {
      const text = json5 ? JSON5.stringify(value, null, indent) : JSON.stringify(value, null, indent)
      const document = read(text, 'json')
      compare(parseWithMomoa(text, { mode: 'json5' }).body, [], document)
    }),
  )

  function compare(node: ValueNode, path: readonly (string | number)[], document: Document): void {
    assert.deepEqual(document.locate(path), place(node.loc.start))
    if (node.type === 'Array')
      node.elements.forEach((element, index) => {
        compare(element.value, [...path, index], document)
      })
    if (node.type !== 'Object') return
    for (const member of node.members) {
      const here = [...path, member.name.type === 'String' ? member.name.value : member.name.name]
      assert.deepEqual(document.locate(here, 'key'), place(member.name.loc.start))
      compare(member.value, here, document)
    }
  }
})

t.test('whatever the text, nothing throws and every finding lies inside it', async () => {
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '=',
    '"',
    "'",
    '\n',
    ' ',
    '/*',
    '*/',
    '//',
    '#',
    '\\',
    '\\u',
    '<<EOF',
    'EOF',
    '${',
    'a',
    'service',
    '"b"',
    '1',
    '0x',
    '-',
    '.5',
    'true',
    '__proto__',
    '\u2028',
    '\ud800',
    'é',
  ]
  const garbage = fc.oneof(
    fc.array(fc.constantFrom(...pieces), { maxLength: 20 }).map(list => list.join('')),
    fc.string({ unit: 'binary', maxLength: 30 }),
  )
  const broken = fc
    .tuple(object, fc.nat(), fc.nat(4), fc.constantFrom(...pieces, ''))
    .map(([value, at, cut, piece]) => {
      const text = JSON.stringify(value, null, 1)
      const from = at % (text.length + 1)
      return text.slice(0, from) + piece + text.slice(from + cut)
    })
  fc.assert(
    fc.property(fc.oneof(garbage, broken), fc.constantFrom('json' as const, 'hcl' as const), (text, format) => {
      const result = parseDocument('f', text, format)
      if (!result.ok) assert.ok(result.diagnostics.length > 0, JSON.stringify(text))
      for (const { at, other, message } of result.diagnostics) {
        for (const place of [at, other])
          if (place !== undefined) assert.ok(inside(text, place), `${JSON.stringify(text)}: ${message}`)
        assert.ok(
          at !== undefined && message !== '' && !message.startsWith('not JSON5'),
          `${JSON.stringify(text)}: ${message}`,
        )
      }
      parseHcl('f', text)
    }),
    { numRuns: 1500 },
  )
})

const place = ({ line, column }: { line: number; column: number }) => ({ line, column })

function inside(text: string, { line, column }: { line: number; column: number }): boolean {
  const lines = text.split('\n')
  return line >= 1 && line <= lines.length && column >= 1 && column <= (lines[line - 1] ?? '').length + 1
}

function withoutNull(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutNull)
  if (typeof value !== 'object') return value
  return value === null
    ? ''
    : Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withoutNull(member)]))
}

/** An object's members as HCL writes them, objects as blocks or as values. */
function body(value: Record<string, Json>, blocks: boolean): string {
  return Object.entries(value)
    .map(([name, member]) => {
      const isBlock = blocks && typeof member === 'object' && member !== null && !Array.isArray(member)
      return `${/^[a-z_][a-z0-9_-]*$/.test(name) && name !== 'true' && name !== 'false' ? name : text(name)} ${isBlock ? '' : '= '}${hcl(member, blocks)}\n`
    })
    .join('')
}

function hcl(value: Json, blocks: boolean): string {
  if (Array.isArray(value)) return `[${value.map(element => hcl(element, blocks)).join(', ')}]`
  if (typeof value === 'object' && value !== null) return `{\n${body(value, blocks)}}`
  return typeof value === 'string' ? text(value) : String(value)
}

/** A `$` is written as its code, so that no "${" begins an interpolation. */
const text = (value: string): string => JSON.stringify(value).replaceAll('$', '\\u0024')
