import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Authorizer } from '../../src/acl/authorizer.js'
import type { DefaultPolicy } from '../../src/acl/authorizer.js'
import type { PolicyRules } from '../../src/acl/merge.js'
import { answerQuestion } from '../../src/acl/question.js'
import { recoveryAuthorizer } from '../../src/acl/recovery.js'
import { readRules } from '../../src/acl/rules/read-rules.js'
import type { Level, NamedRule, Rule, WholeRule } from '../../src/acl/rules/types.js'
import { nodeRules, serviceRules } from '../../src/acl/identities.js'
import type { Access, NamedResource, Resource } from '../../src/common/access.js'

const authorizer = (texts: readonly string[], otherwise: DefaultPolicy = 'deny'): Authorizer =>
  new Authorizer(
    texts.map((text, i) => ({ policy: `p${i}`, rules: readRules(text) })),
    otherwise,
  )

/** `key app/x read` and the like, each with whether it is allowed. */
type Questions = Readonly<Record<string, boolean>>

function ask(rights: Authorizer, questions: Questions): void {
  for (const [question, allowed] of Object.entries(questions)) {
    const [resource, access, ...name] = question.split(' ')
    const given = [resource as Resource, access as Access, name.join(' ')] as const
    assert.equal(rights.allows(...given), allowed, question)
    assert.equal(rights.explain(...given).allowed, allowed, question)
  }
}

t.test('an exact name wins over beginnings, of which the longest wins', async () => {
  const rights = authorizer([
    `key_prefix "" { policy = "read" } key_prefix "app/" { policy = "write" } key_prefix "app/db/" { policy = "deny" }
     key "app/db/url" { policy = "read" } key "app/locked" { policy = "deny" }
     service_prefix "" { policy = "read" } service_prefix "web-" { policy = "write" } service "web-admin" { policy = "deny" }
     node_prefix "db" { policy = "write" } node "db1" { policy = "read" }
     query_prefix "" { policy = "read" } query "geo" { policy = "write" }
     agent_prefix "n" { policy = "read" } agent "n1" { policy = "write" }`,
  ])
  ask(rights, {
    'key read x': true,
    'key write x': false,
    'key write app/x': true,
    'key write app': false,
    'key read app/db/x': false,
    'key read app/db/url': true,
    'key write app/db/url': false,
    'key read app/db/url2': false,
    'key read app/locked': false,
    'key write app/locked2': true,
    'key list app/x': true,
    'service write web': false,
    'service write web-1': true,
    'service read web-admin': false,
    'service write web-admin2': true,
    'service write Web-1': false,
    'node write db1': false,
    'node read db1': true,
    'node write db10': true,
    'node read web': false,
    'query write geo': true,
    'query write geo2': false,
    'query read': true,
    'agent write n1': true,
    'agent write n2': false,
    'agent read x': false,
    'operator read': false,
    'keyring read': false,
    'acl read': false,
    'intention read web-1': true,
    'intention write web-1': false,
  })
  assert.equal(rights.allowsAll('key', 'write', 'app/'), false)
  assert.equal(rights.allowsAll('key', 'write', 'app/y/'), true)
  assert.equal(rights.allowsSome('service', 'write'), true)
  assert.equal(rights.allowsSome('event', 'read'), false)
})

t.test('of several policies the stronger word about the same thing holds', async () => {
  const one = `key "a" { policy = "read" } key_prefix "b" { policy = "write" } key "c" { policy = "write" }
    service "web" { policy = "read" } operator = "read" keyring = "write" acl = "read" node_prefix "" { policy = "write" }`
  const two = `key "a" { policy = "write" } key_prefix "b" { policy = "deny" } key "c" { policy = "list" }
    service "web" { policy = "deny" } operator = "write" keyring = "deny" node "n1" { policy = "deny" }`
  const answers = {
    'key write a': true,
    'key read b': false,
    'key write c': true,
    'service read web': false,
    'operator write': true,
    'mesh write': true,
    'keyring read': false,
    'acl read': true,
    'acl write': false,
    'node read n1': false,
    'node write n2': true,
  }
  ask(authorizer([one, two]), answers)
  ask(authorizer([two, one]), answers)
  assert.equal(authorizer([one, two]).fingerprint, authorizer([two, one]).fingerprint)
  assert.notEqual(authorizer([one, two]).fingerprint, authorizer([one]).fingerprint)
  assert.notEqual(authorizer([one]).fingerprint, authorizer([one], 'allow').fingerprint)
})

t.test('what no rule is about follows the default, access rules apart', async () => {
  const rights = authorizer(['key_prefix "secret/" { policy = "deny" } node "ext" { policy = "read" }'], 'allow')
  ask(rights, {
    'key write open': true,
    'key read secret/a': false,
    'node write ext': false,
    'node write ext2': true,
    'operator write': true,
    'keyring write': true,
    'acl read': false,
    'acl write': false,
  })
  assert.equal(rights.allowsAll('key', 'write'), false)
  assert.equal(rights.allowsAll('key', 'write', 'open/'), true)
})

t.test('a recursive deletion needs the beginning and all that is below it', async () => {
  const rights = authorizer([
    `key_prefix "t/" { policy = "write" } key_prefix "t/keep/" { policy = "read" } key "u/x" { policy = "write" }
     key_prefix "v/" { policy = "write" } key "v/pinned" { policy = "read" } key_prefix "z" { policy = "write" }`,
  ])
  const answers: Questions = {
    't/': false,
    't/keep/': false,
    't/free/': true,
    'u/x': false,
    'u/': false,
    'v/': false,
    'v/sub/': true,
    'v/pin': false,
    'z': true,
    'y': false,
  }
  for (const [prefix, allowed] of Object.entries(answers))
    assert.equal(rights.allowsAll('key', 'write', prefix), allowed, prefix)
})

t.test('a decision names the rule and its policy', async () => {
  const rights = authorizer(['service "web" { policy = "write" }', 'service "web" { policy = "deny" }'])
  assert.deepEqual(rights.explain('service', 'read', 'web'), {
    allowed: false,
    policy: 'p1',
    rule: { match: 'exact', resource: 'service', name: 'web', level: 'deny' },
  })
  assert.deepEqual(rights.explain('service', 'read', 'api'), { allowed: false, byDefault: 'deny' })
})

t.test('intentions', async () => {
  const rights = authorizer([
    'service "a" { policy = "write" } service "b" { policy = "read" intentions = "write" } service "c" { policy = "deny" }',
    'service "b" { policy = "write" intentions = "read" }',
  ])
  ask(rights, {
    'intention read a': true,
    'intention write a': false,
    'intention write b': true,
    'service write b': true,
    'intention read c': false,
    'intention read *': true,
    'intention write *': false,
  })
})

t.test('questions in words', async () => {
  const rights = authorizer(['key_prefix "a/" { policy = "write" } key "a/b" { policy = "read" } operator = "read"'])
  const ask = (resource: string, access: string, segment = ''): boolean =>
    answerQuestion(rights, { resource, access, segment })
  assert.equal(ask('key', 'write-prefix', 'a/'), false)
  assert.equal(ask('key', 'write-prefix', 'a/c'), true)
  assert.equal(ask('key', 'list', 'a/c'), true)
  assert.equal(ask('operator', 'read'), true)
  for (const [resource, access, message] of [
    ['toaster', 'read', 'Bad request: Invalid ACL resource requested: "toaster"'],
    ['toString', 'read', 'Bad request: Invalid ACL resource requested: "toString"'],
    ['service', 'list', 'Bad request: Invalid access level for service resource: list'],
    ['acl', 'write-prefix', 'Bad request: Invalid access level for acl resource: write-prefix'],
  ] as const)
    assert.throws(() => ask(resource, access), { message, status: 400 })
})

t.test('the recovery token of an agent', async () => {
  const rights = recoveryAuthorizer('n"1')
  ask(rights, {
    'agent write n"1': true,
    'agent read n2': false,
    'node read n2': true,
    'node write n"1': false,
    'key read a': false,
  })
})

t.test('tokens with equal read rights have the same view, whatever their write rights', async () => {
  const [web, api, node] = [serviceRules('web'), serviceRules('api'), nodeRules('n1')].map(text => authorizer([text]))
  assert.notEqual(web?.fingerprint, api?.fingerprint)
  assert.equal(web?.view('service', 'node'), api?.view('service', 'node'))
  assert.equal(web?.view('service'), node?.view('service'))
  assert.notEqual(web?.view('service', 'node'), node?.view('service', 'node'))
  assert.notEqual(web?.view('service'), web?.view('node'))
  assert.notEqual(authorizer([]).view('key'), authorizer([], 'allow').view('key'))
  assert.equal(authorizer(['key_prefix "" { policy = "read" }']).view('node'), authorizer([]).view('node'))
})

// Below: the same decisions, made the long way.

const resources = ['agent', 'event', 'key', 'node', 'query', 'service', 'session'] as const
const order = ['read', 'list', 'write'] as const

/** All rules at once, looked through from the first to the last for each question. */
class Naive {
  readonly #rules: readonly Rule[]
  readonly #otherwise: DefaultPolicy

  constructor(policies: readonly PolicyRules[], otherwise: DefaultPolicy) {
    this.#rules = policies.flatMap(({ rules }) => rules)
    this.#otherwise = otherwise
  }

  allows(resource: Resource, access: Access, name: string): boolean {
    const found =
      resource === 'acl' || resource === 'keyring' || resource === 'operator' || resource === 'mesh'
        ? this.#wholeLevel(resource)
        : resource === 'intention'
          ? this.#intention(name)
          : this.#strongest(this.#deciding(resource, name).map(({ level }) => level))
    if (found === undefined) return this.#otherwise === 'allow' && resource !== 'acl'
    return found !== 'deny' && order.indexOf(found) >= order.indexOf(access)
  }

  #wholeLevel(resource: WholeRule['resource']): Level | undefined {
    const level = this.#strongest(
      this.#rules.filter(rule => rule.match === 'whole' && rule.resource === resource).map(rule => rule.level),
    )
    return level === undefined && resource === 'mesh' ? this.#wholeLevel('operator') : level
  }

  #intention(name: string): Level | undefined {
    const rules = this.#deciding('service', name)
    const said = this.#strongest(rules.flatMap(({ intentions }) => intentions ?? []))
    const level = this.#strongest(rules.map(rule => rule.level))
    return said ?? (level === undefined || level === 'deny' ? level : 'read')
  }

  /** The rules about this very name, or else those about its longest beginning. */
  #deciding(resource: NamedResource, name: string): readonly NamedRule[] {
    const about = this.#rules.flatMap(rule => (rule.match !== 'whole' && rule.resource === resource ? [rule] : []))
    const exact = about.filter(rule => rule.match === 'exact' && rule.name === name)
    if (exact.length > 0) return exact
    const beginnings = about.filter(rule => rule.match === 'prefix' && name.startsWith(rule.name))
    const longest = Math.max(...beginnings.map(rule => rule.name.length))
    return beginnings.filter(rule => rule.name.length === longest)
  }

  #strongest(levels: readonly Level[]): Level | undefined {
    return (['deny', 'write', 'list', 'read'] as const).find(level => levels.includes(level))
  }
}

const name = fc.oneof(fc.stringMatching(/^[ab/]{0,4}$/), fc.string({ unit: 'binary', maxLength: 3 }))
const level = fc.constantFrom<Level>('deny', 'read', 'list', 'write')
const plainLevel = fc.constantFrom<Level>('deny', 'read', 'write')
const rule: fc.Arbitrary<Rule> = fc.oneof(
  fc.record({
    match: fc.constant('whole' as const),
    resource: fc.constantFrom('acl', 'keyring', 'mesh', 'operator'),
    level: plainLevel,
  }),
  fc.record({ match: fc.constantFrom('exact', 'prefix'), resource: fc.constant('key' as const), name, level }),
  fc.record({
    match: fc.constantFrom('exact', 'prefix'),
    resource: fc.constantFrom(...resources.filter(resource => resource !== 'key')),
    name,
    level: plainLevel,
  }),
  fc
    .record({
      match: fc.constantFrom('exact' as const, 'prefix' as const),
      name,
      level: plainLevel,
      intentions: plainLevel,
    })
    .map(given => ({ ...given, resource: 'service' as const })),
)

/** The text of a rule, so that reading it is tried as well. */
const textOf = (given: Rule): string =>
  given.match === 'whole'
    ? `"${given.resource}": ${JSON.stringify(given.level)}`
    : `${JSON.stringify(given.match === 'exact' ? given.resource : `${given.resource}_prefix`)}: ${JSON.stringify({
        [given.name]: { policy: given.level, ...(given.intentions && { intentions: given.intentions }) },
      })}`

const policies = fc
  .array(fc.array(rule, { maxLength: 8 }), { maxLength: 4 })
  .map(lists => lists.map((rules, i): PolicyRules => ({ policy: `p${i}`, rules })))
const otherwise = fc.constantFrom<DefaultPolicy>('allow', 'deny')
const question = fc.tuple(
  fc.constantFrom<Resource>(...resources, 'acl', 'keyring', 'mesh', 'operator', 'intention'),
  fc.constantFrom<Access>(...order),
  name.filter(text => text !== '*'),
)

t.test('every decision equals that of a plain reference implementation', async () => {
  fc.assert(
    fc.property(policies, otherwise, fc.array(question, { minLength: 1, maxLength: 30 }), (given, fallback, asked) => {
      const rights = new Authorizer(given, fallback)
      const naive = new Naive(given, fallback)
      for (const one of asked) assert.equal(rights.allows(...one), naive.allows(...one), JSON.stringify(one))
    }),
    { numRuns: 2000 },
  )
})

t.test('access allowed for a prefix is allowed for all names with it', async () => {
  const resource = fc.constantFrom<NamedResource>('key', 'service')
  fc.assert(
    fc.property(policies, otherwise, resource, name, fc.array(name), (given, fallback, about, prefix, rest) => {
      const rights = new Authorizer(given, fallback)
      const naive = new Naive(given, fallback)
      const names = given.flatMap(({ rules }) => rules.flatMap(one => (one.match === 'whole' ? [] : [one.name])))
      const below = [...rest.map(more => prefix + more), ...names.filter(one => one.startsWith(prefix))]
      if (rights.allowsAll(about, 'write', prefix))
        for (const one of below) assert.ok(naive.allows(about, 'write', one), JSON.stringify(one))
      if (below.some(one => naive.allows(about, 'write', one))) assert.ok(rights.allowsSome(about, 'write'))
    }),
    { numRuns: 2000 },
  )
})

t.test('an equal view is an equal sight of every name, and another one is not', async () => {
  const resource = fc.constantFrom<NamedResource>('key', 'service')
  let equal = 0
  fc.assert(
    fc.property(policies, policies, otherwise, resource, fc.array(name), (one, two, fallback, about, more) => {
      const [a, b] = [new Authorizer(one, fallback), new Authorizer(two, fallback)]
      const named = [...one, ...two]
        .flatMap(({ rules }) => rules)
        .flatMap(given => (given.match === 'whole' ? [] : [given.name]))
      // No rule is about a name that ends so, and so it shows what its beginning says.
      const names = [...more, ...named, ...named.map(text => `${text}zz`), 'zz']
      const differ = names.some(text => a.allows(about, 'read', text) !== b.allows(about, 'read', text))
      assert.equal(a.view(about) === b.view(about), !differ)
      if (!differ) equal++
    }),
    { numRuns: 2000 },
  )
  assert.ok(equal > 100, 'too few of the pairs are equal for this to say much')
})

t.test('rules mean the same as text', async () => {
  fc.assert(
    fc.property(fc.uniqueArray(rule, { maxLength: 6, selector: one => textOf(one).split(':')[0] }), rules => {
      fc.pre(!rules.some(one => one.match !== 'whole' && /\$\{|__proto__/.test(one.name)))
      const read = readRules(`{${rules.map(textOf).join(',')}}`)
      const [a, b] = [rules, read].map(list => new Authorizer([{ policy: 'p', rules: list }], 'deny').fingerprint)
      assert.equal(a, b)
    }),
  )
})
