import { isIP, isIPv6 } from 'node:net'
import { quote } from '../read/finding.js'
import type { Settings } from '../settings.js'
import type { InterfaceAddress } from './interface-address.js'
import { expandAddress, stripBrackets } from './addresses.js'
import type { Reader } from './reader.js'

/** How DNS answers. */
export function resolveDns(reader: Reader): Settings['dns'] {
  const key = (name: string): string => `dns_config.${name}`
  const serviceTtl = Object.entries(reader.map(key('service_ttl'))).map(
    ([name, text]) => [name, reader.parsed(key(`service_ttl.${name}`), text)] as const,
  )
  const truncate = reader.written(key('enable_truncate'))
  const minTtl = reader.written(key('soa.min_ttl'))
  return {
    allowStale: reader.flag(key('allow_stale')),
    maxStale: reader.duration(key('max_stale')),
    nodeTtl: reader.duration(key('node_ttl')),
    serviceTtl: Object.fromEntries(serviceTtl),
    onlyPassing: reader.flag(key('only_passing')),
    enableTruncate: typeof truncate === 'boolean' ? truncate : undefined,
    udpAnswerLimit: reader.number(key('udp_answer_limit')),
    udpAnswerSize: reader.number(key('udp_answer_size')),
    aRecordLimit: reader.number(key('a_record_limit')),
    disableCompression: reader.flag(key('disable_compression')),
    recursorTimeout: reader.duration(key('recursor_timeout')),
    recursorStrategy: reader.text(key('recursor_strategy')) === 'random' ? 'random' : 'sequential',
    enableAdditionalNodeMetaTxt: reader.flag(key('enable_additional_node_meta_txt')),
    soa: {
      refresh: reader.number(key('soa.refresh')),
      retry: reader.number(key('soa.retry')),
      expire: reader.number(key('soa.expire')),
      minTtl: typeof minTtl === 'number' ? minTtl : undefined,
    },
  }
}

/** Recursors as `ip:port`, each once, in the order written. */
export function resolveRecursors(
  reader: Reader,
  interfaces: (() => readonly InterfaceAddress[]) | undefined,
): readonly string[] {
  const recursors = reader.list('recursors').flatMap((text, i) =>
    expandAddress(reader, `recursors[${i}]`, text, interfaces)
      .split(/\s+/)
      .filter(part => part !== '')
      .flatMap(part => recursor(reader, `recursors[${i}]`, part)),
  )
  return [...new Set(recursors)]
}

function recursor(reader: Reader, key: string, text: string): string[] {
  const { host, port } = hostAndPort(text)
  if (host === '0.0.0.0' || host === '::') {
    reader.report(key, {
      code: 'bad-address',
      message: 'DNS recursor address cannot be 0.0.0.0, :: or [::]',
      hint: 'name the address of a DNS server',
    })
  } else if (isIP(host) === 0 || port === undefined) {
    reader.report(key, {
      code: 'bad-address',
      message: `a recursor is an IP address with or without a port, found ${quote(text)}`,
      hint: 'write "192.0.2.53" or "192.0.2.53:53"',
    })
  } else return [isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`]
  return []
}

function hostAndPort(text: string): { host: string; port: number | undefined } {
  const bare = stripBrackets(text)
  if (isIP(bare) !== 0) return { host: bare, port: 53 }
  const match = /^(.*):(\d{1,5})$/.exec(text)
  const port = Number(match?.[2])
  return { host: stripBrackets(match?.[1] ?? text), port: port > 0 && port <= 65535 ? port : undefined }
}
