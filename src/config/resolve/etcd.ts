import { quote } from '../read/finding.js'
import type { Settings } from '../settings.js'
import { isHostPort } from './cluster.js'
import type { Reader } from './reader.js'

const key = (name: string): string => `store.etcd.${name}`

/** Keys that say how to reach an etcd of someone else, and mean nothing without one. */
const external = ['ca_file', 'cert_file', 'key_file', 'user', 'password']

/** Keys about the etcd that the agent runs itself. */
const own = ['program', 'quota']

/** How to reach an etcd, or how to run one. */
export function resolveEtcd(reader: Reader): Settings['etcd'] {
  const endpoints = reader.list(key('endpoints'))
  const text = (name: string): string => reader.text(key(name))
  endpoints.forEach((endpoint, i) => {
    checkEndpoint(reader, `${key('endpoints')}[${i}]`, endpoint)
  })
  checkPairs(reader, endpoints)
  for (const name of endpoints.length > 0 ? own : external) {
    if (reader.written(key(name)) === undefined) continue
    const message =
      endpoints.length > 0
        ? `${quote(key(name))} is ignored: with "store.etcd.endpoints" the agent runs no etcd of its own`
        : `${quote(key(name))} is ignored: it is about the etcd at "store.etcd.endpoints", and none is named`
    reader.report(key(name), { severity: 'warning', code: 'ignored-key', message })
  }
  if (text('program') === '')
    reader.report(key('program'), {
      code: 'bad-value',
      message: '"store.etcd.program" cannot be empty',
      hint: 'leave it out for "etcd"',
    })
  return {
    endpoints,
    prefix: text('prefix'),
    caFile: text('ca_file'),
    certFile: text('cert_file'),
    keyFile: text('key_file'),
    user: text('user'),
    password: typeof reader.written(key('password')) === 'string' ? String(reader.written(key('password'))) : '',
    program: text('program'),
    quotaBytes: reader.number(key('quota')),
  }
}

function checkEndpoint(reader: Reader, place: string, endpoint: string): void {
  const [, scheme, rest = ''] = /^(https?):\/\/(.*?)\/?$/.exec(endpoint) ?? []
  if (rest.includes('@')) {
    reader.report(place, {
      code: 'bad-address',
      message: 'an endpoint of etcd carries no user or password',
      hint: 'write them into "store.etcd.user" and "store.etcd.password"',
    })
  } else if (scheme === undefined || !/:\d+$/.test(rest) || !isHostPort(rest)) {
    reader.report(place, {
      code: 'bad-address',
      message: `an endpoint of etcd is http(s)://host:port, found ${quote(endpoint)}`,
      hint: 'write e.g. "http://10.0.0.5:2379"',
    })
  }
}

function checkPairs(reader: Reader, endpoints: readonly string[]): void {
  for (const [one, other] of [
    ['cert_file', 'key_file'],
    ['key_file', 'cert_file'],
    ['user', 'password'],
    ['password', 'user'],
  ] as const) {
    if (reader.text(key(one)) === '' || reader.text(key(other)) !== '') continue
    reader.report(key(one), {
      code: 'missing-key',
      message: `"store.etcd.${one}" needs "store.etcd.${other}" beside it`,
      hint: `add "${other}"`,
    })
  }
  if (reader.text(key('password')) !== '' && endpoints.some(endpoint => endpoint.startsWith('http:'))) {
    reader.report(key('password'), {
      severity: 'warning',
      code: 'plain-password',
      message: 'the password of etcd travels without encryption',
      hint: 'use an endpoint of https://',
    })
  }
}
