import { decodeBase64 } from '../../common/base64.js'
import { quote } from '../read/finding.js'
import type { Settings } from '../settings.js'
import type { Reader } from './reader.js'

/** Each asks for encryption, or for certificates, between agents. */
const asksForTls = [
  'verify_incoming',
  'verify_incoming_rpc',
  'verify_outgoing',
  'verify_server_hostname',
  'auto_encrypt.tls',
  'auto_encrypt.allow_tls',
  ...['defaults', 'internal_rpc'].flatMap(part =>
    ['verify_incoming', 'verify_outgoing', 'verify_server_hostname'].map(name => `tls.${part}.${name}`),
  ),
]

/**
 * Refuses what would leave someone believing in a protection that is not there. A server that is alone says nothing to
 * other agents, so there the warning that the keys have no effect is enough; access rules that deny are missed on any
 * agent.
 */
export function checkSecurity(reader: Reader, engine: Settings['engine']): void {
  checkEncryptKey(reader)
  if (engine !== 'memory' && engine !== 'lmdb') {
    for (const key of asksForTls) if (reader.written(key) === true) refuse(reader, key)
    if (reader.text('encrypt') !== '') refuse(reader, 'encrypt')
  }
  if (reader.flag('acl.enabled') && reader.text('acl.default_policy') === 'deny') {
    reader.report('acl.default_policy', {
      code: 'no-access-rules',
      message:
        'with "acl.enabled" everything that no rule allows should be denied, but this version has no access rules and would allow everything',
      hint: 'remove "acl" to run without access rules, and let only those reach client_addr who may read and write',
    })
  }
}

function refuse(reader: Reader, key: string): void {
  reader.report(key, {
    code: 'not-encrypted',
    message: `${quote(key)} asks for encryption, but this version does not encrypt traffic between agents yet`,
    hint: 'remove it, and connect the agents over a network that you trust',
  })
}

function checkEncryptKey(reader: Reader): void {
  const key = reader.text('encrypt')
  if (key === '') return
  if ([16, 24, 32].includes(decodeBase64(key)?.length ?? 0)) return
  reader.report('encrypt', {
    code: 'bad-value',
    message: 'encrypt has invalid key: it must be 16, 24 or 32 bytes in base64',
    hint: 'make one with "muster keygen"',
  })
}
