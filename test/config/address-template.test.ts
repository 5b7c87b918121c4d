import net from 'node:net'
import t from 'tap'
import { defaultInterface, machineInterfaces } from '../../src/config/resolve/machine-interfaces.js'
import { expandTemplates } from '../../src/config/resolve/address-template.js'
import type { InterfaceAddress } from '../../src/config/resolve/interface-address.js'

const up = 0x1
const ethernet = 0x1003
const machine: readonly InterfaceAddress[] = [
  { name: 'lo', address: '127.0.0.1', family: 4, prefix: 8, flags: 0x9 },
  { name: 'lo', address: '::1', family: 6, prefix: 128, flags: 0x9 },
  { name: 'docker0', address: '172.17.0.1', family: 4, prefix: 16, flags: ethernet },
  { name: 'eth0', address: '10.1.2.3', family: 4, prefix: 24, flags: ethernet, isDefault: true },
  { name: 'eth0', address: 'fd00:1::3', family: 6, prefix: 64, flags: ethernet, isDefault: true },
  { name: 'eth0', address: 'fe80::3', family: 6, prefix: 64, flags: ethernet, isDefault: true },
  { name: 'eth1', address: '93.184.215.14', family: 4, prefix: 29, flags: ethernet },
  { name: 'eth1', address: '192.168.7.9', family: 4, prefix: 20, flags: ethernet },
  { name: 'tun0', address: '100.64.0.7', family: 4, prefix: 32, flags: 0x11 },
  { name: 'off0', address: '10.9.9.9', family: 4, prefix: 8, flags: 0x1002 },
]

const expand = (text: string, interfaces: readonly InterfaceAddress[] = machine): string => {
  const expanded = expandTemplates(text, () => interfaces)
  return expanded.kind === 'text'
    ? expanded.text
    : expanded.kind === 'error'
      ? `error: ${expanded.message}; ${expanded.hint}`
      : 'unknown'
}

const texts: readonly (readonly [template: string, text: string])[] = [
  ['{{ GetPrivateIP }}', '10.1.2.3'],
  ['{{GetPrivateIPs}}', '10.1.2.3 fd00:1::3 172.17.0.1 192.168.7.9 100.64.0.7'],
  ['{{ GetPublicIP }}', '93.184.215.14'],
  ['{{ GetPublicIPs }}', '93.184.215.14'],
  ['{{ GetInterfaceIP "eth0" }}', '10.1.2.3'],
  ['{{ GetInterfaceIP "lo" }}', '127.0.0.1'],
  ['{{ GetInterfaceIP "^eth[1-9]$" }}', '192.168.7.9'],
  ['{{ GetInterfaceIPs "eth0" }}', '10.1.2.3 fd00:1::3'],
  ['{{- GetPrivateIP -}}:8301', '10.1.2.3:8301'],
  ['a {{ GetPrivateIP }} b {{ GetPublicIP }}', 'a 10.1.2.3 b 93.184.215.14'],
  ['{{ GetPrivateInterfaces | include "network" "10.0.0.0/8" | attr "address" }}', '10.1.2.3'],
  [
    '{{ GetAllInterfaces | include "network" "10.0.0.0/8|192.168.0.0/16" | join "address" " " }}',
    '10.1.2.3 192.168.7.9 10.9.9.9',
  ],
  [
    '{{ GetAllInterfaces | exclude "network" "10.0.0.0/8|192.168.0.0/16" | include "type" "IPv4" | join "address" "," }}',
    '127.0.0.1,172.17.0.1,93.184.215.14,100.64.0.7',
  ],
  ['{{ GetDefaultInterfaces | include "type" "ipv6" | include "flags" "forwardable" | attr "address" }}', 'fd00:1::3'],
  [
    '{{ GetAllInterfaces | include "name" "^eth" | exclude "name" "0$" | sort "address" | join "address" " " }}',
    '93.184.215.14 192.168.7.9',
  ],
  [
    '{{ GetAllInterfaces | include "name" "eth" | sort "-type,-address" | join "address" " " }}',
    'fe80::3 fd00:1::3 192.168.7.9 93.184.215.14 10.1.2.3',
  ],
  [
    '{{ GetAllInterfaces | include "rfc" "1918|6598" | exclude "flags" "down" | sort "size" | join "address" " " }}',
    '172.17.0.1 192.168.7.9 10.1.2.3 100.64.0.7',
  ],
  ['{{ GetAllInterfaces | include "flags" "loopback|up" | join "name" " " }}', 'lo lo'],
  ['{{ GetAllInterfaces | include "flags" "point-to-point" | attr "name" }}', 'tun0'],
  ['{{ GetAllInterfaces | include "flags" "link-local unicast" | attr "address" }}', 'fe80::3'],
  ['{{ GetAllInterfaces | include "address" "^10\\\\." | join "string" " " }}', '10.1.2.3/24 10.9.9.9/8'],
  ['{{ GetAllInterfaces | include "size" "32" | attr "string" }}', '100.64.0.7'],
  ['{{ GetAllInterfaces | sort "name" | unique "name" | join "name" " " }}', 'docker0 eth0 eth1 lo off0 tun0'],
  ['{{ GetAllInterfaces | sort "default,+address" | limit 1 | attr "address" }}', '10.1.2.3'],
  ['{{ GetAllInterfaces | offset "-1" | attr "address" }}', '10.9.9.9'],
  ['{{ GetAllInterfaces | offset 2 | limit "1" | attr `name` }}', 'docker0'],
  ['{{ GetAllInterfaces | include "name" "eth1" | sort "private" | join "address" " " }}', '192.168.7.9 93.184.215.14'],
  ...[
    'network 10.1.2.0/24',
    'netmask 255.255.255.0',
    'mask_bits 24',
    'size 256',
    'broadcast 10.1.2.255',
    'first_usable 10.1.2.1',
    'last_usable 10.1.2.254',
    'type IPv4',
    'host 10.1.2.3',
    'port 0',
  ]
    .map(line => line.split(' '))
    .map(([name = '', value = '']) => [`{{ GetDefaultInterfaces | attr "${name}" }}`, value] as const),
  ['{{ GetDefaultInterfaces | include "type" "IPv6" | attr "network" }}', 'fd00:1::/64'],
]

t.test('templates and what they stand for on a machine', t => {
  for (const [template, text] of texts) t.equal(expand(template), text, template)
  t.end()
})

const faults: readonly (readonly [template: string, fault: RegExp])[] = [
  ['{{ GetPrivateIPX }}', /"GetPrivateIPX" is no function of templates; did you mean GetPrivateIPs?\?/],
  ['{{ range . }}', /does not make sense at "\."/],
  ['{{ GetAllInterfaces | math "address" "+1" | attr "address" }}', /"math" is no function/],
  ['{{ }}', /is empty/],
  ['{{ GetAllInterfaces }}', /gives interfaces and no text; add \| attr "address"/],
  ['{{ GetAllInterfaces | }}', /ends behind "\|"/],
  ['{{ attr "address" }}', /attr stands behind "\|"/],
  ['{{ GetPrivateIP | limit 1 }}', /GetPrivateIP gives a text/],
  ['{{ GetAllInterfaces | GetPrivateInterfaces | attr "address" }}', /GetPrivateInterfaces begins a template/],
  ['{{ GetInterfaceIP }}', /GetInterfaceIP takes one argument, found 0/],
  ['{{ GetInterfaceIP eth0 }}', /does not make sense at "eth0"/],
  ['{{ GetAllInterfaces | include "network" "10/8" | attr "address" }}', /"10\/8" is no network/],
  [
    '{{ GetAllInterfaces | include "colour" "red" | attr "address" }}',
    /"colour" is nothing to choose by; choose by "address", /,
  ],
  ['{{ GetAllInterfaces | include "rfc" "1" | attr "address" }}', /RFC "1" is not known/],
  ['{{ GetAllInterfaces | include "type" "IPX" | attr "address" }}', /the type "ipx" is not known/],
  ['{{ GetAllInterfaces | include "flags" "fast" | attr "address" }}', /the flag "fast" is not known/],
  ['{{ GetAllInterfaces | include "name" "(" | attr "address" }}', /"\(" is no regular expression/],
  ['{{ GetAllInterfaces | sort "colour" | attr "address" }}', /"colour" is nothing to sort by/],
  ['{{ GetAllInterfaces | limit "some" | attr "address" }}', /limit takes a whole number, found "some"/],
  ['{{ GetAllInterfaces | attr "constructor" }}', /"constructor" is no attribute; the attributes are address, /],
  [
    '{{ GetInterfaceIP "eth9" }}',
    /finds no address on this machine; its interfaces are lo, docker0, eth0, eth1, tun0, off0/,
  ],
  ['{{ GetPrivateIP', /opened by/],
]

t.test('what is wrong with a template, also where the network is not asked', t => {
  for (const [template, fault] of faults) {
    t.match(expand(template), fault, template)
    const judged = expandTemplates(template, undefined)
    t.equal(judged.kind, template.includes('eth9') ? 'unknown' : 'error', template)
  }
  t.same(expandTemplates('{{ GetPrivateIP }}', undefined), { kind: 'unknown' })
  t.end()
})

t.test('the default route is that of the smallest metric', t => {
  const line = (...fields: readonly string[]): string => fields.join('\t')
  const routes = [
    line('Iface', 'Destination', 'Gateway', 'Flags', 'RefCnt', 'Use', 'Metric', 'Mask'),
    line('eth1', '00000000', '010200C0', '0003', '0', '0', '600', '00000000'),
    line('eth0', '00000000', '010200C0', '0003', '0', '0', '100', '00000000'),
    line('eth2', '000200C0', '00000000', '0001', '0', '0', '0', '00FFFFFF'),
  ]
  t.equal(defaultInterface(routes.join('\n')), 'eth0')
  t.equal(defaultInterface(routes.slice(0, 1).join('\n')), undefined)
  t.equal(defaultInterface(''), undefined)
  t.end()
})

t.test('this machine has a loopback interface that is up', t => {
  const found = machineInterfaces().find(({ address }) => address === '127.0.0.1')
  t.equal(found?.prefix, 8)
  t.equal((found?.flags ?? up) & up, up)
  t.ok(machineInterfaces().every(({ address }) => net.isIP(address) !== 0))
  t.end()
})
