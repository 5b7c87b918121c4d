import { run } from './run.js'

/** A certificate that signs itself, and its key, both PEM. */
export interface TestCertificate {
  readonly cert: string
  readonly key: string
}

/**
 * Makes a certificate for the given DNS names with the openssl program. It holds no address, so 127.0.0.1 does not
 * match it.
 */
export async function testCertificate(...names: readonly string[]): Promise<TestCertificate> {
  const made = await run('openssl', [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
    '-keyout',
    '-',
    '-out',
    '-',
    '-subj',
    `/CN=${names[0] ?? 'localhost'}`,
    '-addext',
    `subjectAltName=${names.map(name => `DNS:${name}`).join(',')}`,
  ])
  const pick = (what: string): string => {
    const found = new RegExp(`-----BEGIN ${what}-----[^-]+-----END ${what}-----\n`).exec(made.out)
    if (found === null) throw new Error(`openssl made no ${what}: ${made.err}`)
    return found[0]
  }
  return { cert: pick('CERTIFICATE'), key: pick('PRIVATE KEY') }
}
