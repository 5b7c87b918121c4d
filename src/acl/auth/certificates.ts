import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto'
import { errorMessage } from '../../common/errors.js'
import { invalidConfig } from './config-reader.js'

/** @throws MusterError ACL_INVALID when a text is not certificates in PEM; `key` is where it stands */
export function assertCertificates(key: string, pem: string): void {
  try {
    new X509Certificate(pem)
  } catch {
    throw invalidConfig(`error checking ${key}: could not parse CA PEM value successfully`)
  }
}

const keyTypes: ReadonlySet<string | undefined> = new Set(['rsa', 'ec', 'ed25519'])

/**
 * The public key of a PEM text, which may be a certificate's.
 * @throws MusterError ACL_INVALID when it is none, or one of another type than RSA, EC and Ed25519
 */
export function readPublicKey(pem: string, position: number): KeyObject {
  let key: KeyObject
  try {
    if (pem.includes('PRIVATE KEY')) throw new Error('it is a private key')
    key = pem.includes('BEGIN CERTIFICATE') ? new X509Certificate(pem).publicKey : createPublicKey(pem)
  } catch (error) {
    throw invalidConfig(`error parsing public key ${position + 1} of 'JWTValidationPubKeys': ${errorMessage(error)}`)
  }
  if (keyTypes.has(key.asymmetricKeyType)) return key
  throw invalidConfig(
    `error parsing public key ${position + 1} of 'JWTValidationPubKeys': its type is ${key.asymmetricKeyType}, not RSA, EC or Ed25519`,
  )
}
