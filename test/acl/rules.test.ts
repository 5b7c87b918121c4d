import assert from 'node:assert/strict'
import t from 'tap'
import { readRules } from '../../src/acl/rules/read-rules.js'
import type { Rule } from '../../src/acl/rules/types.js'
import { translateLegacyRules } from '../../src/acl/rules/translate.js'
import { MusterError } from '../../src/common/errors.js'

const shown = (rule: Rule): string =>
  rule.match === 'whole'
    ? `${rule.resource}=${rule.level}`
    : `${rule.resource} ${rule.match} "${rule.name}" ${rule.level}${rule.intentions === undefined ? '' : ` intentions ${rule.intentions}`}`

function refusal(read: () => unknown): MusterError {
  try {
    read()
  } catch (error) {
    assert.ok(error instanceof MusterError)
    return error
  }
  throw new Error('it was not refused')
}

const readable: Readonly<Record<string, readonly string[]>> = {
  '': [],
  '# only a comment': [],
  '{}': [],
  'nothing "a" { policy = "read" }': [],
  'acl = ""': [],
  'acl = "read" keyring = "WRITE" operator = "deny" mesh = "write"': [
    'acl=read',
    'keyring=write',
    'operator=deny',
    'mesh=write',
  ],
  'key_prefix "l/" { policy = "list" sentinel { code = "main = rule { true }" } }': ['key prefix "l/" list'],
  'service "a" { policy = "Read" intentions = "deny" }': ['service exact "a" read intentions deny'],
  'SERVICE_PREFIX "" { Policy = "write" }': ['service prefix "" write'],
  'agent "n" { policy = "read" } agent_prefix "n" { policy = "deny" }': [
    'agent exact "n" read',
    'agent prefix "n" deny',
  ],
  'event "e" { policy = "write" } node "n" { policy = "read" } query "q" { policy = "deny" } session "s" { policy = "read" }':
    ['node exact "n" read', 'session exact "s" read', 'event exact "e" write', 'query exact "q" deny'],
  'key "k" { policy = "read" } key "k" { policy = "write" }': ['key exact "k" read', 'key exact "k" write'],
  '{"key_prefix":{"j/":{"policy":"write"},"":{"policy":"read"}},"operator":"write"}': [
    'key prefix "j/" write',
    'key prefix "" read',
    'operator=write',
  ],
  '{"service":[{"api":{"policy":"write"}},{"db":{"policy":"read"}}]}': [
    'service exact "api" write',
    'service exact "db" read',
  ],
  '{"service":{"api":[{"policy":"write"},{"policy":"deny"}]}, "acl": null}': [
    'service exact "api" write',
    'service exact "api" deny',
  ],
}

t.test('rules are read, HCL and JSON', async () => {
  for (const [text, rules] of Object.entries(readable)) assert.deepEqual(readRules(text).map(shown), rules, text)
})

const refused: readonly (readonly [text: string, message: string | RegExp])[] = [
  ['acl = "list"', 'Invalid acl policy: "list"'],
  ['operator = "maybe"', 'Invalid operator policy: "maybe"'],
  ['keyring = 1', 'Invalid keyring policy: "1"'],
  ['mesh = "some"', 'Invalid mesh policy: "some"'],
  ['service "a" { policy = "list" }', 'Invalid service policy: "list"'],
  ['key "a" { policy = "" }', 'Invalid key policy: ""'],
  ['key "a" {}', 'Invalid key policy: ""'],
  ['service "a" { policy = "read" intentions = "sometimes" }', 'Invalid service intentions policy: "sometimes"'],
  ['session_prefix "" { policy = "list" }', 'Invalid session_prefix policy: "list"'],
  ['event "" { policy = "list" }', 'Invalid event policy: "list"'],
  ['query "" { policy = "all" }', 'Invalid query policy: "all"'],
  ['agent "x" { policy = "list" }', 'Invalid agent policy: "list"'],
  ['node_prefix "x" { policy = "none" }', 'Invalid node_prefix policy: "none"'],
  ['{"key":{"a":{"policy":"no"}}}', 'Invalid key policy: "no"'],
  ['operator = "no" key "a" { policy = "nor this" }', 'Invalid key policy: "nor this"'],
  ['key "a" { policy = "read"', /^Failed to parse ACL rules: At 1:\d+: expected "}", found the end of the file$/],
  ['key "a" "b" { policy = "read" }', /^Failed to parse ACL rules: At 1:9: key takes one name$/],
  ['key = "read"', /^Failed to parse ACL rules: At 1:7: key takes a name and a block$/],
  ['key { policy = "read" }', /^Failed to parse ACL rules: .* takes a block$/],
  ['key "a" { policy = true }', /^Failed to parse ACL rules: .*is not a text$/],
  ['acl = "read" acl = "write"', /^Failed to parse ACL rules: At 1:14: acl is written twice$/],
  ['key "a" { policy = "read" policy = "write" }', /policy is written twice$/],
  [`${'a {'.repeat(70)}${'}'.repeat(70)}`, /nest deeper than 64 levels$/],
  [`# ${'x'.repeat(600_000)}`, /^Failed to parse ACL rules: the rules are 600002 bytes long, at most 524288/],
]

t.test('invalid rules are refused', async () => {
  for (const [text, message] of refused) {
    const error = refusal(() => readRules(text))
    assert.equal(error.code, 'ACL_RULES_INVALID')
    assert.equal(error.status, 500)
    if (typeof message === 'string') assert.equal(error.message, message, text)
    else assert.match(error.message, message, text.slice(0, 80))
  }
})

t.test('rules of old tokens are about beginnings', async () => {
  const text = 'key "a" { policy = "write" } key_prefix "b" { policy = "write" } acl = "write" operator = "read"'
  assert.deepEqual(readRules(text, 'legacy').map(shown), ['key prefix "a" write', 'operator=read'])
})

const translations: Readonly<Record<string, string>> = {
  '': '',
  'key "app" { policy = "write" } key "app/secret" { policy = "deny" }':
    'key_prefix "app" {\n  policy = "write"\n}\n\nkey_prefix "app/secret" {\n  policy = "deny"\n}',
  'agent "n" { policy = "read" } session "s" { policy = "write" } keyring = "read" operator = "write"':
    'agent_prefix "n" {\n  policy = "read"\n}\n\nsession_prefix "s" {\n  policy = "write"\n}\n\nkeyring = "read"\n\noperator = "write"',
  '# a comment\nkey "" {\n  policy = "read" # why\n}\n\n\nservice "web" {policy="write"}':
    '# a comment\nkey_prefix "" {\n  policy = "read" # why\n}\n\nservice_prefix "web" {\n  policy = "write"\n}',
  '"key" "a" { "policy" = "read" }': 'key_prefix "a" {\n  policy = "read"\n}',
  'key_prefix "x" { policy = "read" }': 'key_prefix "x" {\n  policy = "read"\n}',
  '{"key":{"a/":{"policy":"read"}},"service":{"":{"policy":"write"}}}':
    'key_prefix "a/" {\n  policy = "read"\n}\n\nservice_prefix "" {\n  policy = "write"\n}',
  'service "a" {\n  policy = "read"\n  // last\n}\n# end':
    'service_prefix "a" {\n  policy = "read"\n  // last\n}\n\n# end',
  'service "a" { policy = "read" intentions = "deny" }':
    'service_prefix "a" {\n  policy     = "read"\n  intentions = "deny"\n}',
}

t.test('rules of old tokens are put into the words of today', async () => {
  for (const [text, translated] of Object.entries(translations)) {
    assert.equal(translateLegacyRules(text), translated)
    assert.deepEqual(
      readRules(translated).filter(rule => rule.match !== 'exact'),
      text.includes('key_prefix') ? readRules(text) : readRules(text, 'legacy'),
      text,
    )
  }
  const error = refusal(() => translateLegacyRules('not valid {'))
  assert.equal(error.status, 400)
  assert.match(error.message, /^Failed to parse rules: At 1:/)
})
