import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { readAuthConfig, variablesOf } from '../../src/acl/auth/read-auth-config.js'
import { seconds } from '../../src/common/duration.js'
import { MusterError } from '../../src/common/errors.js'
import { testCertificate } from '../support/certificate.js'

const pemOf = (key: ReturnType<typeof generateKeyPairSync>['publicKey']): string =>
  key.export({ type: 'spki', format: 'pem' }).toString()
const ec = pemOf(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey)
const ed25519 = pemOf(generateKeyPairSync('ed25519').publicKey)
const foreign = pemOf(generateKeyPairSync('x25519').publicKey)
const jwt = `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.e30.c2ln`

const oneSource = `exactly one of 'JWTValidationPubKeys', 'JWKSURL', or 'OIDCDiscoveryURL' must be set for type "jwt"`
const undecodable = 'error decoding config: 1 error(s) decoding:\n\n* '

t.test('configurations of auth methods', async t => {
  const { cert } = await testCertificate('localhost')

  t.test('of type jwt', async () => {
    const config = readAuthConfig('jwt', {
      JWTValidationPubKeys: [ec, ed25519, cert],
      boundAudiences: ['a'],
      BoundIssuer: 'i',
      ClaimMappings: { 'a': 'b', '/c/d': 'e' },
      ListClaimMappings: { groups: 'groups' },
      ExpirationLeeway: 1_000_000_000,
      ClockSkewLeeway: -1,
      JWTSupportedAlgs: null,
    })
    assert.ok(config.type === 'jwt' && config.source.from === 'config')
    assert.deepEqual(
      config.source.keys.map(key => key.asymmetricKeyType),
      ['ec', 'ed25519', 'ec'],
    )
    assert.deepEqual([config.boundAudiences, config.algorithms], [['a'], ['RS256']])
    assert.deepEqual(
      [config.expirationLeeway, config.notBeforeLeeway, config.clockSkewLeeway],
      [seconds(1), seconds(150), seconds(0)],
    )
    assert.deepEqual(variablesOf(config), ['value.b', 'value.e'])
    const remote = readAuthConfig('jwt', { JWKSURL: 'http://127.0.0.1:1', JWKSCACert: cert })
    assert.ok(remote.type === 'jwt')
    assert.deepEqual(remote.source, { from: 'jwks', url: 'http://127.0.0.1:1', caCert: cert })
  })

  t.test('of type kubernetes', async () => {
    const config = readAuthConfig('kubernetes', { Host: 'https://k', CACert: cert, ServiceAccountJWT: jwt })
    assert.deepEqual(config, { type: 'kubernetes', host: 'https://k', caCert: cert, serviceAccountJwt: jwt })
    assert.deepEqual(variablesOf(config), ['serviceaccount.namespace', 'serviceaccount.name', 'serviceaccount.uid'])
  })

  t.test('that are refused', async () => {
    const kept = { JWTValidationPubKeys: [ec] }
    const kubernetes = { Host: 'https://k', CACert: cert }
    const cases: readonly (readonly ['jwt' | 'kubernetes', Readonly<Record<string, unknown>>, string | RegExp])[] = [
      ['jwt', {}, oneSource],
      ['jwt', { ...kept, JWKSURL: 'http://127.0.0.1:1' }, oneSource],
      ['jwt', { JWTValidationPubKeys: ['junk'] }, /^error parsing public key 1 of/],
      ['jwt', { JWTValidationPubKeys: [ec, foreign] }, /^error parsing public key 2 of .*: its type is x25519/],
      ['jwt', { JWTValidationPubKeys: ['-----BEGIN PRIVATE KEY-----'] }, /it is a private key$/],
      ['jwt', { ...kept, Nope: 1 }, `${undecodable}'' has invalid keys: Nope`],
      ['jwt', { ...kept, OIDCClientID: 'x', Also: 1 }, `${undecodable}'' has invalid keys: Also, OIDCClientID`],
      ['jwt', { ...kept, JWTSupportedAlgs: ['RS256', 'HS256'] }, 'Invalid supported algorithm: HS256'],
      ['jwt', { ...kept, JWKSCACert: cert }, "'JWKSCACert' should not be set unless 'JWKSURL' is set"],
      [
        'jwt',
        { ...kept, OIDCDiscoveryCACert: cert },
        "'OIDCDiscoveryCACert' should not be set unless 'OIDCDiscoveryURL' is set",
      ],
      [
        'jwt',
        { JWKSURL: 'http://x', JWKSCACert: 'junk' },
        'error checking JWKSCACert: could not parse CA PEM value successfully',
      ],
      ['jwt', { ...kept, ClaimMappings: { a: 'x', b: 'x' } }, 'ClaimMappings contains multiple mappings for key "x"'],
      [
        'jwt',
        { ...kept, ListClaimMappings: { a: 'x', b: 'x' } },
        'ListClaimMappings contains multiple mappings for key "x"',
      ],
      [
        'jwt',
        { ...kept, ExpirationLeeway: '1s' },
        `${undecodable}'ExpirationLeeway' expected type 'time.Duration', got unconvertible type 'string'`,
      ],
      [
        'jwt',
        { ...kept, BoundAudiences: 'a' },
        `${undecodable}'BoundAudiences' expected type '[]string', got unconvertible type 'string'`,
      ],
      [
        'jwt',
        { ...kept, BoundAudiences: [1] },
        `${undecodable}'BoundAudiences' expected type '[]string', got unconvertible type 'number'`,
      ],
      [
        'jwt',
        { ...kept, ClaimMappings: ['a'] },
        `${undecodable}'ClaimMappings' expected type 'map[string]string', got unconvertible type 'list'`,
      ],
      ['jwt', { ...kept, BoundIssuer: 'i'.repeat(300_000) }, /^the Config has \d+ bytes, at most 262144 are allowed$/],
      ['kubernetes', {}, 'Config.Host is required'],
      ['kubernetes', { Host: 'https://k' }, 'Config.CACert is required'],
      ['kubernetes', { Host: 'https://k', CACert: 'junk' }, /^error checking CACert/],
      ['kubernetes', kubernetes, 'Config.ServiceAccountJWT is required'],
      [
        'kubernetes',
        { ...kubernetes, ServiceAccountJWT: 'junk' },
        'Config.ServiceAccountJWT is not a valid JWT: square/go-jose: compact JWS format must have three parts',
      ],
      ['kubernetes', { ...kubernetes, ServiceAccountJWT: 'a.b.c' }, /is not a valid JWT/],
    ]
    for (const [type, config, problem] of cases) {
      const error: unknown = (() => {
        try {
          return readAuthConfig(type, config)
        } catch (thrown) {
          return thrown
        }
      })()
      assert.ok(error instanceof MusterError, JSON.stringify(config).slice(0, 200))
      const found = error.message.replace(/^Invalid Auth Method: /, '')
      if (typeof problem === 'string') assert.equal(found, problem)
      else assert.match(found, problem)
      assert.doesNotMatch(error.message, /PRIVATE KEY/)
    }
  })
})
