import { bracketed } from '../common/host-port.js'
import type { Declared, LoadedFile, Settings } from '../config/index.js'
import { version } from '../common/version.js'

/** Where HTTP is served; port 0 stands for a unix socket. */
interface HttpAddress {
  readonly host: string
  readonly port: number
  readonly url: string
}
/** Where DNS is answered. */
interface DnsAddress {
  readonly address: string
  readonly port: number
}

/** What the banner tells, gathered once everything listens. */
export interface BannerFacts {
  readonly settings: Settings
  readonly nodeId: string
  readonly http: readonly HttpAddress[]
  readonly dns: readonly DnsAddress[]
  /** Cluster ports that are bound; 0: not. */
  readonly cluster: { readonly lan: number; readonly wan: number }
  readonly configPaths: readonly string[]
  readonly files: readonly LoadedFile[]
  readonly declared: Declared
  /** Name of a service that is answered for now, for the command lines to try. */
  readonly answered: string
  /** Milliseconds from the start of the process until ready. */
  readonly took: number
}

/**
 * The start-up banner: the facts that Consul's shows, under the same names, then what was read from files and two
 * command lines that work as they stand.
 */
export function banner(facts: BannerFacts): string {
  const { settings, nodeId, declared } = facts
  const checks =
    declared.checks.size
    + [...declared.services.values()].reduce((sum, { definition }) => sum + definition.checks.length, 0)
  const rows: [string, string][] = [
    ['Version', `'${version}'`],
    ['Node ID', `'${nodeId}'`],
    ['Node name', `'${settings.nodeName}'`],
    ['Datacenter', `'${settings.datacenter}' (Segment: '<all>')`],
    ['Server', `${settings.server} (Bootstrap: ${settings.bootstrap || settings.bootstrapExpect === 1})`],
    [
      'Client Addr',
      `[${settings.clientAddrs.join(' ')}] (HTTP: ${port(facts.http)}, HTTPS: -1, gRPC: -1, DNS: ${port(facts.dns)})`,
    ],
    ['Cluster Addr', `${settings.advertiseAddr} (LAN: ${bound(facts.cluster.lan)}, WAN: ${bound(facts.cluster.wan)})`],
    ['Store', storeOf(settings)],
    [
      'Config',
      facts.configPaths.length === 0
        ? 'no files'
        : `${facts.configPaths.join(' ')} (${count(facts.files.length, 'file')}${settings.autoReloadConfig ? ', watched' : ''})`,
    ],
    ['Declared', `${count(declared.services.size, 'service')}, ${count(checks, 'check')}`],
  ]
  const width = Math.max(...rows.map(([name]) => name.length)) + 6
  return [
    '==> Starting muster agent...',
    ...rows.map(([name, value]) => `${name.padStart(width)}: ${value}`),
    '',
    `==> muster agent running! Ready in ${(facts.took / 1000).toFixed(2)} s. Look next:`,
    ...examples(facts),
    '',
    '==> Log data will now stream in as it occurs:',
    '',
    '',
  ].join('\n')
}

const bound = (port: number): string => (port === 0 ? 'off' : String(port))

function storeOf({ engine, dataDir, bootstrapExpect, etcd, advertiseAddr, ports }: Settings): string {
  switch (engine) {
    case 'memory':
      return 'memory (-dev: nothing is kept)'
    case 'lmdb':
      return `LMDB in ${dataDir}`
    case 'etcd':
      return `etcd in ${dataDir}, for other servers at ${advertiseAddr}:${ports.server}${bootstrapExpect > 1 ? ` (${bootstrapExpect} servers expected)` : ''}`
    case 'external':
      return `etcd at ${etcd.endpoints.join(' ')}`
    case 'none':
      return 'that of the servers (this is a client agent)'
  }
}

function examples({ settings, http, dns, answered }: BannerFacts): string[] {
  const lines: string[] = []
  const [firstDns] = dns
  const [firstHttp] = http
  if (firstDns !== undefined)
    lines.push(
      `      dig @${reachable(firstDns.address)} -p ${firstDns.port} ${answered}.service.${settings.domain} SRV`,
    )
  if (firstHttp !== undefined) lines.push(`      curl ${curlTarget(firstHttp)}/v1/health/service/${answered}?pretty`)
  return lines
}

const curlTarget = ({ host, port, url }: HttpAddress): string =>
  port === 0
    ? `--unix-socket ${url.replace('unix://', '')} http://localhost`
    : `http://${bracketed(reachable(host))}:${port}`

const port = (bound: readonly { readonly port: number }[]): number => bound[0]?.port ?? -1

/** A wildcard address is for listening; to ask, the loopback one does. */
const reachable = (address: string): string =>
  address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address

const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`
