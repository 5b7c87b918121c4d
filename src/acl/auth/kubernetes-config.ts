import { assertCertificates } from './certificates.js'
import { ConfigReader, invalidConfig, type WrittenConfig } from './config-reader.js'

/** Where a cluster of Kubernetes is asked who somebody is. */
export interface KubernetesConfig {
  readonly type: 'kubernetes'
  readonly host: string
  readonly caCert: string
  /** What the questions are asked with. */
  readonly serviceAccountJwt: string
}

/**
 * The configuration of a `kubernetes` method.
 * @throws MusterError ACL_INVALID in Consul's words
 */
export function readKubernetesConfig(config: WrittenConfig): KubernetesConfig {
  const reader = new ConfigReader(config, ['Host', 'CACert', 'ServiceAccountJWT'])
  const host = required(reader, 'Host')
  const caCert = required(reader, 'CACert')
  assertCertificates('CACert', caCert)
  const serviceAccountJwt = required(reader, 'ServiceAccountJWT')
  assertJwt(serviceAccountJwt)
  return { type: 'kubernetes', host, caCert, serviceAccountJwt }
}

function required(reader: ConfigReader, key: string): string {
  const value = reader.text(key)
  if (value === '') throw invalidConfig(`Config.${key} is required`)
  return value
}

/** Its form alone: the cluster says whether it is a good one. */
function assertJwt(token: string): void {
  const invalid = 'Config.ServiceAccountJWT is not a valid JWT'
  const parts = token.split('.')
  if (parts.length !== 3) throw invalidConfig(`${invalid}: square/go-jose: compact JWS format must have three parts`)
  try {
    JSON.parse(Buffer.from(parts[0] ?? '', 'base64url').toString())
  } catch {
    throw invalidConfig(`${invalid}: its header is not JSON`)
  }
}
