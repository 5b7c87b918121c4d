import type { KeyObject } from 'node:crypto'
import { milliseconds, seconds, type Duration } from '../../common/duration.js'
import { assertCertificates, readPublicKey } from './certificates.js'
import { ConfigReader, invalidConfig, type WrittenConfig } from './config-reader.js'

/** Where the keys come from that bearer tokens are signed with. `caCert` in PEM, '' for those of the machine. */
export type KeySource =
  | { readonly from: 'config'; readonly keys: readonly KeyObject[] }
  | { readonly from: 'jwks' | 'discovery'; readonly url: string; readonly caCert: string }

/** How bearer tokens of a `jwt` method are judged, and what is read from them. */
export interface JwtConfig {
  readonly type: 'jwt'
  readonly source: KeySource
  readonly boundAudiences: readonly string[]
  /** '' for any. */
  readonly boundIssuer: string
  readonly algorithms: readonly string[]
  /** Names of values by the claims that they come from. */
  readonly claims: ReadonlyMap<string, string>
  /** Names of lists by the claims that they come from. */
  readonly listClaims: ReadonlyMap<string, string>
  /** How long a token is good after it was issued that does not say itself, and how long before it expires. */
  readonly expirationLeeway: Duration
  readonly notBeforeLeeway: Duration
  /** How far clocks may be apart. */
  readonly clockSkewLeeway: Duration
}

const keys = [
  'JWTValidationPubKeys',
  'JWKSURL',
  'JWKSCACert',
  'OIDCDiscoveryURL',
  'OIDCDiscoveryCACert',
  'BoundAudiences',
  'BoundIssuer',
  'JWTSupportedAlgs',
  'ClaimMappings',
  'ListClaimMappings',
  'ExpirationLeeway',
  'NotBeforeLeeway',
  'ClockSkewLeeway',
]

const algorithms: readonly string[] = ['RS', 'ES', 'PS'].flatMap(kind => ['256', '384', '512'].map(size => kind + size))

/** Defaults for times that a token does not contain. */
const defaultLeeway = seconds(150)
const defaultClockSkew = seconds(60)

/**
 * The configuration of a `jwt` method, read without asking anybody: that its URLs answer is another matter.
 * @throws MusterError ACL_INVALID in Consul's words
 */
export function readJwtConfig(config: WrittenConfig): JwtConfig {
  const reader = new ConfigReader(config, keys)
  const source = sourceOf(reader)
  const supported = reader.texts('JWTSupportedAlgs')
  const wrong = supported.find(algorithm => !algorithms.includes(algorithm))
  if (wrong !== undefined) throw invalidConfig(`Invalid supported algorithm: ${wrong}`)
  return {
    type: 'jwt',
    source,
    boundAudiences: reader.texts('BoundAudiences'),
    boundIssuer: reader.text('BoundIssuer'),
    algorithms: supported.length === 0 ? ['RS256'] : supported,
    claims: mappings(reader, 'ClaimMappings'),
    listClaims: mappings(reader, 'ListClaimMappings'),
    expirationLeeway: leeway(reader.nanoseconds('ExpirationLeeway'), defaultLeeway),
    notBeforeLeeway: leeway(reader.nanoseconds('NotBeforeLeeway'), defaultLeeway),
    clockSkewLeeway: leeway(reader.nanoseconds('ClockSkewLeeway'), defaultClockSkew),
  }
}

function sourceOf(reader: ConfigReader): KeySource {
  const written = reader.texts('JWTValidationPubKeys')
  const [jwks, discovery] = [reader.text('JWKSURL'), reader.text('OIDCDiscoveryURL')]
  if ([written.length > 0, jwks !== '', discovery !== ''].filter(Boolean).length !== 1)
    throw invalidConfig(
      `exactly one of 'JWTValidationPubKeys', 'JWKSURL', or 'OIDCDiscoveryURL' must be set for type "jwt"`,
    )
  const jwksCert = certificatesFor(reader, 'JWKSURL', 'JWKSCACert')
  const discoveryCert = certificatesFor(reader, 'OIDCDiscoveryURL', 'OIDCDiscoveryCACert')
  if (jwks !== '') return { from: 'jwks', url: jwks, caCert: jwksCert }
  if (discovery !== '') return { from: 'discovery', url: discovery, caCert: discoveryCert }
  return { from: 'config', keys: written.map(readPublicKey) }
}

function certificatesFor(reader: ConfigReader, url: string, key: string): string {
  const pem = reader.text(key)
  if (pem === '') return ''
  if (reader.text(url) === '') throw invalidConfig(`'${key}' should not be set unless '${url}' is set`)
  assertCertificates(key, pem)
  return pem
}

/** Two claims cannot be read into one name. */
function mappings(reader: ConfigReader, key: string): ReadonlyMap<string, string> {
  const map = reader.textMap(key)
  const names = [...map.values()]
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw invalidConfig(`${key} contains multiple mappings for key ${JSON.stringify(twice)}`)
  return map
}

const leeway = (written: Duration, otherwise: Duration): Duration =>
  written === 0 ? otherwise : milliseconds(Math.max(written, 0))
