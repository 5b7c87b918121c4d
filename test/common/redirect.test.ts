import t from 'tap'
import { afterRedirect, target, type Hop } from '../../src/common/redirect.js'

const secrets = {
  'authorization': 'a',
  'cookie': 'b',
  'proxy-authorization': 'c',
  'x-consul-token': 'd',
  'x-api-key': 'e',
}
const headers = { ...secrets, 'x-kept': 'f', 'host': 'named', 'content-type': 'text/x', 'content-length': '4' }
const post: Hop = { url: target('http://me:pw@a.test:9102/old'), method: 'POST', headers, body: 'data' }
const get: Hop = { ...post, method: 'GET', body: '' }

const names = (hop: Hop | undefined): string[] | undefined => hop && Object.keys(hop.headers)

void t.test('what goes along to where', t => {
  const all = Object.keys(headers)
  const described = ['content-type', 'content-length']
  for (const [hop, status, location, href, method, body, expected] of [
    [post, 307, '/new', 'http://me:pw@a.test:9102/new', 'POST', 'data', all],
    [
      post,
      308,
      'http://a.test:9102/new',
      'http://a.test:9102/new',
      'POST',
      'data',
      all.filter(name => name !== 'host'),
    ],
    [post, 302, '/new', 'http://me:pw@a.test:9102/new', 'GET', '', all.filter(name => !described.includes(name))],
    [post, 301, 'http://a.test:9103/', 'http://a.test:9103/', 'GET', '', ['x-kept']],
    [post, 303, 'https://a.test:9102/', 'https://a.test:9102/', 'GET', '', ['x-kept']],
    [get, 307, 'http://a.test:9103/', 'http://a.test:9103/', 'GET', '', ['x-kept', ...described]],
    [get, 302, '//b.test/', 'http://b.test/', 'GET', '', ['x-kept']],
    [
      { ...get, method: 'HEAD' },
      302,
      '/new',
      'http://me:pw@a.test:9102/new',
      'HEAD',
      '',
      all.filter(name => !described.includes(name)),
    ],
  ] as const) {
    const next = afterRedirect(hop, status, location)
    t.strictSame(
      [next?.url.url.href, next?.method, next?.body, names(next)],
      [href, method, body, expected],
      `${hop.method} ${status} ${location}`,
    )
  }
  t.end()
})

void t.test('a body, or a method with effects, is not repeated to another origin', t => {
  for (const hop of [post, { ...get, method: 'DELETE' }, { ...get, body: 'data' }]) {
    for (const status of [307, 308])
      t.equal(afterRedirect(hop, status, 'http://a.test:9103/'), undefined, `${hop.method} ${status}`)
  }
  t.end()
})

void t.test('secrets do not come back after a visit elsewhere', t => {
  const away = afterRedirect(get, 302, 'http://b.test/')
  const back = away && afterRedirect(away, 302, 'http://a.test:9102/')
  t.strictSame(names(back), ['x-kept'])
  t.end()
})

void t.test('no redirect', t => {
  t.equal(afterRedirect(get, 302, undefined), undefined)
  for (const status of [200, 300, 304, 305, 404]) t.equal(afterRedirect(get, status, '/new'), undefined, String(status))
  t.throws(() => afterRedirect(get, 302, 'ftp://x/'), { message: 'unsupported protocol scheme "ftp"' })
  t.throws(() => afterRedirect(get, 302, 'http://'), { message: '"http://" is not a URL' })
  t.end()
})
