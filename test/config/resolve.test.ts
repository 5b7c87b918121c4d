import t from 'tap'
import { settingParts } from '../../src/config/index.js'
import type { InterfaceAddress, Settings } from '../../src/config/index.js'
import { nodeAt } from '../../src/config/read/keys.js'
import { configKeys } from '../../src/generated/keys.js'
import type { KeyNode } from '../../src/generated/keys.js'
import { merge } from '../../src/config/combine/merge.js'
import { resolve } from '../../src/config/resolve/index.js'

const laptop: readonly InterfaceAddress[] = [
  { name: 'lo', address: '127.0.0.1', family: 4 },
  { name: 'eth0', address: '192.168.1.5', family: 4 },
  { name: 'eth0', address: '2001:db8::5', family: 6 },
  { name: 'docker0', address: '172.17.0.1', family: 4 },
  { name: 'wan', address: '93.184.215.14', family: 4 },
]
const server = laptop.filter(({ name }) => name !== 'docker0')

function attempt(
  value: Record<string, unknown>,
  interfaces?: readonly InterfaceAddress[],
  dev = false,
): { settings: Settings | undefined; messages: string[] } {
  const { settings, diagnostics } = resolve(merge([{ value }]), {
    hostname: 'host-1',
    dev,
    interfaces: interfaces && (() => interfaces),
    kindOf: path => (path === '/etc/hosts' ? 'file' : 'nothing'),
  })
  return { settings, messages: diagnostics.map(({ message }) => message) }
}
const settingsOf = (value: Record<string, unknown>, interfaces: readonly InterfaceAddress[] = []): Settings => {
  const { settings, messages } = attempt(value, interfaces)
  if (settings === undefined) throw new Error(messages.join('\n'))
  return settings
}

t.test('nothing written: a lone server on the loopback address, with every default of the schemas', t => {
  const settings = settingsOf({})
  t.match(settings, {
    datacenter: 'dc1',
    primaryDatacenter: 'dc1',
    nodeName: 'host-1',
    nodeId: '',
    dataDir: 'muster-data',
    server: true,
    bootstrap: true,
    bootstrapExpect: 1,
    domain: 'consul',
    altDomain: '',
    bindAddr: '127.0.0.1',
    advertiseAddr: '127.0.0.1',
    advertiseAddrWan: '127.0.0.1',
    clientAddrs: ['127.0.0.1'],
    ports: { dns: 8600, http: 8500, https: -1, server: 8300, serfLan: 8301, serfWan: 8302, grpc: -1 },
    limits: { httpMaxConnsPerClient: 200, kvMaxValueSize: 524288 },
    log: { level: 'info', rotateDuration: 86_400_000 },
    autoReloadConfig: true,
    checkUpdateInterval: 300_000,
    defaultQueryTime: 300_000,
    maxQueryTime: 600_000,
    sessionTtlMin: 10_000,
  })
  t.equal(settings.dns.enableTruncate, undefined)
  t.equal(settings.dns.soa.minTtl, undefined, 'not set is not zero')
  t.equal(settings.dns.maxStale, 87600 * 3600 * 1000)
  t.equal(settings.http.maxHeaderBytes, 1 << 20)
  t.end()
})

t.test('frozen all the way down', t => {
  const settings = settingsOf({ node_meta: { a: '1' } })
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    t.ok(Object.isFrozen(value))
    Object.values(value).forEach(visit)
  }
  visit(settings)
  t.end()
})

const addresses: readonly [string, Record<string, unknown>, readonly InterfaceAddress[], Partial<Settings>][] = [
  [
    'bind is told to others',
    { bind_addr: '10.1.1.1' },
    laptop,
    { bindAddr: '10.1.1.1', advertiseAddr: '10.1.1.1', advertiseAddrWan: '10.1.1.1' },
  ],
  [
    'a wildcard takes the one private address',
    { bind_addr: '0.0.0.0' },
    server,
    { bindAddr: '0.0.0.0', advertiseAddr: '192.168.1.5' },
  ],
  [
    'a wildcard takes the one public IPv6 address',
    { bind_addr: '[::]' },
    server,
    { bindAddr: '::', advertiseAddr: '2001:db8::5' },
  ],
  [
    'an advertised address binds to all',
    { advertise_addr: '192.168.1.5' },
    laptop,
    { bindAddr: '0.0.0.0', advertiseAddr: '192.168.1.5' },
  ],
  [
    'templates',
    { bind_addr: '{{ GetInterfaceIP "docker0" }}', advertise_addr: '{{GetPublicIP}}' },
    laptop,
    { bindAddr: '172.17.0.1', advertiseAddr: '93.184.215.14' },
  ],
  [
    'several listeners',
    { client_addr: '127.0.0.1 {{ GetPrivateIPs }} [::1] 127.0.0.1' },
    laptop,
    { clientAddrs: ['127.0.0.1', '192.168.1.5', '172.17.0.1', '::1'] },
  ],
  [
    'addresses of their own',
    { addresses: { http: 'unix:///tmp/x 10.0.0.1' } },
    laptop,
    { addresses: { dns: ['127.0.0.1'], http: ['unix:///tmp/x', '10.0.0.1'], https: [] } },
  ],
  [
    'tagged addresses',
    {
      tagged_addresses: { special: '203.0.113.1' },
      advertise_addr_ipv6: '2001:db8::5',
      advertise_addr_wan: '198.51.100.1',
    },
    laptop,
    { taggedAddresses: { special: '203.0.113.1', lan_ipv6: '2001:db8::5' }, advertiseAddrWan: '198.51.100.1' },
  ],
  [
    'recursors, each once',
    { recursors: ['192.0.2.1', '192.0.2.1:53', '2001:db8::1', '[2001:db8::1]:54', '{{ GetPrivateIP }}:5353'] },
    server,
    { recursors: ['192.0.2.1:53', '[2001:db8::1]:53', '[2001:db8::1]:54', '192.168.1.5:5353'] },
  ],
]
for (const [name, value, interfaces, expected] of addresses) {
  t.test(name, t => {
    t.match(settingsOf(value, interfaces), expected)
    t.end()
  })
}

const refusals: readonly [string, Record<string, unknown>, RegExp, (readonly InterfaceAddress[])?][] = [
  ['several private addresses', { bind_addr: '0.0.0.0' }, /^Multiple private IPv4 addresses found/, laptop],
  ['no private address', { bind_addr: '0.0.0.0' }, /^No private IPv4 address found/, []],
  ['a template without an address', { bind_addr: '{{ GetInterfaceIP "eth9" }}' }, /finds no address/, laptop],
  ['an open template', { bind_addr: '{{ GetPrivateIP' }, /opened by/, laptop],
  ['two addresses where one is taken', { bind_addr: '10.0.0.1 10.0.0.2' }, /takes one address/],
  ['an empty address', { bind_addr: '' }, /^bind_addr cannot be empty/],
  ['both ways to bootstrap', { server: true, bootstrap: true, bootstrap_expect: 3 }, /mutually exclusive/],
  ['bootstrap of a client', { bootstrap: true }, /^'bootstrap = true' requires 'server = true'/],
  ['an empty data folder', { data_dir: '' }, /^data_dir cannot be empty/],
  ['a file as data folder', { data_dir: '/etc/hosts' }, /is not a folder/],
  [
    'two listeners on one port',
    { ports: { dns: 8301 }, client_addr: '0.0.0.0' },
    /^Serf Advertise LAN address 127.0.0.1:8301 already configured for DNS/,
  ],
  [
    'too much meta',
    { node_meta: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, ''])) },
    /may hold 64 pairs, found 65/,
  ],
  ['a long meta value', { node_meta: { a: 'x'.repeat(513) } }, /longer than 512/],
  ['a bad mode', { unix_sockets: { mode: 'rw' } }, /octal/],
  ['a bad header', { http_config: { response_headers: { 'a b': 'c' } } }, /is not a header/],
  ['a bad page path', { ui_config: { content_path: '/a b/' } }, /content_path/],
  ['an IPv4 address that is none', { advertise_addr_ipv4: '::1' }, /must be an IPv4 address/],
]
for (const [name, value, message, interfaces = []] of refusals) {
  t.test(`refused: ${name}`, t => {
    const { settings, messages } = attempt(value, interfaces)
    t.equal(settings, undefined)
    t.match(messages, [message])
    t.end()
  })
}

t.test('validation never asks the network', t => {
  for (const value of [
    { bind_addr: '0.0.0.0' },
    { bind_addr: '{{ GetPrivateIP }}' },
    { client_addr: '{{ GetInterfaceIPs "eth0" }}' },
    { recursors: ['{{ GetPublicIP }}'] },
  ]) {
    t.same(attempt(value).messages, [], JSON.stringify(value))
  }
  t.match(attempt({ bind_addr: '{{ GetNothing }}' }).messages, [/is no function of templates/])
  t.end()
})

t.test('-dev keeps nothing and says so', t => {
  const { settings, messages } = attempt({ data_dir: '/var/x' }, [], true)
  t.equal(settings?.dataDir, '')
  t.match(messages, [/"data_dir" is ignored/])
  t.end()
})

t.test('every part of the settings is a key of the schemas with an effect', t => {
  const keys = settingParts(settingsOf({}))
  for (const { key } of keys) {
    if (
      [
        'addresses.https',
        'ports.https',
        'ports.grpc',
        'enable_syslog',
        'syslog_facility',
        'ui_config.enabled',
        'ui_config.content_path',
        'autopilot.redundancy_zone_tag',
        'autopilot.disable_upgrade_migration',
        'autopilot.upgrade_version_tag',
      ].includes(key)
    )
      continue
    const node = nodeAt(key.split('.'))
    t.ok(node, key)
    t.equal(node?.noEffect, undefined, key)
  }
  t.end()
})

t.test('every key of the schemas that claims an effect is part of the settings', t => {
  const known = new Set(settingParts(settingsOf({})).map(({ key }) => key))
  // These shape other settings than the one of their own name.
  const indirect = new Set([
    'advertise_addr_ipv4',
    'advertise_addr_ipv6',
    'advertise_addr_wan_ipv4',
    'advertise_addr_wan_ipv6',
    'dns_config.service_ttl',
  ])
  const leaves = (node: KeyNode, path: string): string[] =>
    Object.entries(node.keys ?? {}).flatMap(([name, child]) => {
      const here = path === '' ? name : `${path}.${name}`
      if (child.aliasOf !== undefined || child.noEffect !== undefined) return []
      return child.kind === 'object' && child.keys !== undefined ? leaves(child, here) : [here]
    })
  const { service: _service, check: _check, ...settings } = configKeys.keys ?? {}
  for (const key of leaves({ ...configKeys, keys: settings }, '')) {
    if (['$schema', 'services', 'checks', 'watches'].includes(key) || indirect.has(key)) continue
    t.ok(known.has(key), key)
  }
  t.end()
})
