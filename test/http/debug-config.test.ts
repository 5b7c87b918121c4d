import t from 'tap'
import { minutes, seconds } from '../../src/common/duration.js'
import { debugConfigView } from '../../src/http/views/debug-config-view.js'
import { settingsWith } from './support/settings.js'

const id = '8be1e04a-568c-4808-8192-a3f32f0e2546'

void t.test('clients find domain, ports and addresses where Consul has them', async t => {
  const settings = settingsWith({
    altDomain: 'alt',
    enableDebug: true,
    recursors: ['192.0.2.53:53'],
    advertiseAddr: '2001:db8::1',
    advertiseAddrWan: '198.51.100.1',
    addresses: { dns: ['127.0.0.1'], http: ['127.0.0.1', 'unix:///run/muster.sock'], https: [] },
  })
  const view = debugConfigView(
    {
      ...settings,
      ports: { ...settings.ports, dns: 8600, http: 8500 },
      dns: { ...settings.dns, nodeTtl: seconds(10), serviceTtl: { '*': minutes(2) } },
    },
    id,
  )
  t.match(view, {
    NodeID: id,
    NodeName: 'n1',
    Datacenter: 'dc1',
    ServerMode: true,
    EnableDebug: true,
    ConnectEnabled: false,
    Version: '1.10.0',
    DNSDomain: 'consul.',
    DNSAltDomain: 'alt.',
    DNSPort: 8600,
    DNSAddrs: ['tcp://127.0.0.1:8600', 'udp://127.0.0.1:8600'],
    DNSRecursors: ['192.0.2.53:53'],
    DNSNodeTTL: '10s',
    DNSServiceTTL: { '*': '2m0s' },
    HTTPPort: 8500,
    HTTPAddrs: ['tcp://127.0.0.1:8500', 'unix:///run/muster.sock'],
    HTTPSAddrs: [],
    GRPCPort: -1,
    BootstrapExpect: 1,
    AdvertiseAddrLAN: '2001:db8::1',
    SerfAdvertiseAddrLAN: 'tcp://[2001:db8::1]:8301',
    SerfAdvertiseAddrWAN: 'tcp://198.51.100.1:8302',
    TaggedAddresses: { lan: '2001:db8::1', wan: '198.51.100.1' },
    MaxQueryTime: '10m0s',
    SessionTTLMin: '10s',
  })
})

void t.test('disabled listeners have no address', async t => {
  const settings = settingsWith()
  const view = debugConfigView({ ...settings, ports: { ...settings.ports, dns: -1, http: -1, serfWan: -1 } }, id)
  t.match(view, { DNSAddrs: [], HTTPAddrs: [], SerfAdvertiseAddrWAN: null, SerfBindAddrWAN: null, DNSAltDomain: '' })
})
