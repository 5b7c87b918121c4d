import { hours, seconds, type Duration } from '../../../src/common/duration.js'
import type { Settings } from '../../../src/config/index.js'

/** DNS settings as a test may change them. */
export type DnsChanges = Omit<Partial<Settings>, 'dns'> & { readonly dns?: Partial<Settings['dns']> }

/**
 * The default DNS settings with changes: port 0 on 127.0.0.1, domain `consul`, datacenter `dc1`. Only what DNS reads is
 * in it.
 */
export function dnsSettings(changes: DnsChanges = {}): Settings {
  const zero = seconds(0)
  const settings: Pick<
    Settings,
    'datacenter' | 'domain' | 'altDomain' | 'addresses' | 'ports' | 'recursors' | 'translateWanAddrs' | 'dns'
  > = {
    datacenter: 'dc1',
    domain: 'consul',
    altDomain: '',
    recursors: [],
    translateWanAddrs: false,
    addresses: { dns: ['127.0.0.1'], http: [], https: [] },
    ports: { dns: 0, http: -1, https: -1, server: -1, serfLan: -1, serfWan: -1, grpc: -1 },
    dns: {
      allowStale: true,
      maxStale: hours(87_600),
      nodeTtl: zero,
      serviceTtl: {},
      onlyPassing: false,
      enableTruncate: undefined,
      udpAnswerLimit: 3,
      udpAnswerSize: 4096,
      aRecordLimit: 0,
      disableCompression: false,
      recursorTimeout: seconds(2),
      recursorStrategy: 'sequential',
      enableAdditionalNodeMetaTxt: true,
      soa: { refresh: 3600, retry: 600, expire: 86_400, minTtl: undefined },
    },
  }
  const { dns, ...rest } = changes
  return { ...settings, ...rest, dns: { ...settings.dns, ...dns } } as Settings
}

/** TTLs in seconds as `service_ttl` holds them. */
export const ttls = (given: Readonly<Record<string, number>>): Readonly<Record<string, Duration>> =>
  Object.fromEntries(Object.entries(given).map(([name, count]) => [name, seconds(count)]))
