import t from 'tap'
import { listenRemedy } from '../../src/common/listen-remedy.js'

const place = { host: '192.0.2.77', addressKeys: 'client_addr (-client)', portKey: 'ports.dns (-dns-port)' }

for (const [code, says] of [
  [
    'EADDRNOTAVAIL',
    /^192\.0\.2\.77 is not one of this machine's addresses .*: set client_addr \(-client\) to one that is$/,
  ],
  ['EADDRINUSE', /^another program has the port, .*set ports\.dns \(-dns-port\) to another one$/],
  [
    'EACCES',
    /^ports below 1024 need a privilege: set ports\.dns \(-dns-port\) to a higher one, or grant CAP_NET_BIND_SERVICE$/,
  ],
  ['EAFNOSUPPORT', /no addresses of that kind .*set client_addr/],
  ['EINVAL', /^nothing can listen on 192\.0\.2\.77 as it stands .*set client_addr/],
  ['EMFILE', /^set client_addr \(-client\) and ports\.dns \(-dns-port\)/],
] as const) {
  void t.test(`${code} names the settings and the way out`, t => {
    t.match(listenRemedy(Object.assign(new Error(code), { code }), place), says)
    t.end()
  })
}
