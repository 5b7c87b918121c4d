import t from 'tap'
import { completeCheck, completeService } from '../../../src/config/complete/index.js'
import type { Problem, WrittenCheck, WrittenService } from '../../../src/config/complete/index.js'
import type { CheckDefinition, ServiceDefinition } from '../../../src/config/types.js'

const limits = { checkOutputMaxSize: 4096 }

function service(written: WrittenService): ServiceDefinition {
  const { definition, problems } = completeService(written, limits)
  t.same(problems, [], JSON.stringify(written))
  if (definition === undefined) throw new Error(JSON.stringify(problems))
  return definition
}

function check(written: WrittenCheck): CheckDefinition {
  const { definition, problems } = completeCheck(written, limits)
  t.same(problems, [], JSON.stringify(written))
  if (definition === undefined) throw new Error(JSON.stringify(problems))
  return definition
}

t.test('a service with nothing but its name', async t => {
  t.strictSame(service({ name: 'web' }), {
    id: 'web',
    name: 'web',
    kind: '',
    tags: [],
    address: '',
    taggedAddresses: null,
    meta: {},
    port: 0,
    socketPath: '',
    weights: { passing: 1, warning: 1 },
    enableTagOverride: false,
    token: '',
    checks: [],
  })
})

t.test('a service with everything', async t => {
  const written: WrittenService = {
    name: 'web',
    id: 'web-1',
    tags: ['b', 'a'],
    address: '192.0.2.10',
    port: 80,
    meta: { env: 'prod' },
    weights: { warning: 0 },
    enable_tag_override: true,
    token: 'secret',
    tagged_addresses: { wan: { address: '198.51.100.10', port: 8080 }, lan_ipv4: { address: '192.0.2.99' } },
    check: { ttl: '90m' },
  }
  t.strictSame(service(written), {
    id: 'web-1',
    name: 'web',
    kind: '',
    tags: ['b', 'a'],
    address: '192.0.2.10',
    port: 80,
    meta: { env: 'prod' },
    socketPath: '',
    taggedAddresses: {
      wan: { address: '198.51.100.10', port: 8080 },
      lan_ipv4: { address: '192.0.2.99', port: 0 },
      wan_ipv4: { address: '192.0.2.10', port: 80 },
    },
    weights: { passing: 1, warning: 0 },
    enableTagOverride: true,
    token: 'secret',
    checks: [
      {
        id: 'service:web-1',
        name: "Service 'web' check",
        notes: '',
        serviceId: 'web-1',
        token: 'secret',
        status: 'critical',
        kind: { type: 'ttl', ttl: 5_400_000 },
        successBeforePassing: 0,
        failuresBeforeWarning: 0,
        failuresBeforeCritical: 0,
        outputMaxSize: 4096,
        written: { TTL: '1h30m0s' },
      },
    ],
  })
})

t.test('the address stands under the names of its family', async t => {
  const address = (text: string) => Object.keys(service({ name: 'a', address: text, port: 1 }).taggedAddresses ?? {})
  t.strictSame(address('10.0.0.1'), ['lan_ipv4', 'wan_ipv4'])
  t.strictSame(address('2001:db8::1'), ['lan_ipv6', 'wan_ipv6'])
  t.strictSame(address('::ffff:10.0.0.1'), ['lan_ipv4', 'wan_ipv4'])
  t.strictSame(address('web.example.org'), [])
})

t.test('checks of a service are numbered by position, checks before check', async t => {
  const ids = (written: WrittenService) => service(written).checks.map(({ id, name }) => [id, name])
  const unnamed = "Service 'db' check"
  t.strictSame(ids({ name: 'db', checks: [{ ttl: '1h' }] }), [['service:db', unnamed]])
  t.strictSame(
    ids({
      name: 'db',
      id: 'db1',
      checks: [{ ttl: '1h' }, { ttl: '1h', name: 'second' }, { ttl: '1h', id: 'third' }],
      check: { ttl: '1h', notes: 'last' },
    }),
    [
      ['service:db1:1', unnamed],
      ['service:db1:2', 'second'],
      ['third', unnamed],
      ['service:db1:4', unnamed],
    ],
  )
})

t.test('every kind of check with its defaults', async t => {
  const timed = { interval: 5000, timeout: 10_000 }
  const tls = { tlsServerName: '', tlsSkipVerify: false }
  const cases: readonly (readonly [WrittenCheck, CheckDefinition['kind']])[] = [
    [{ ttl: '30s' }, { type: 'ttl', ttl: 30_000 }],
    [
      { http: 'http://127.0.0.1/', interval: '5s' },
      {
        type: 'http',
        url: 'http://127.0.0.1/',
        method: 'GET',
        header: {},
        body: '',
        disableRedirects: false,
        ...timed,
        ...tls,
      },
    ],
    [
      {
        http: 'https://h/',
        method: 'POST',
        header: { a: ['b'] },
        body: 'x',
        disable_redirects: true,
        tls_server_name: 'n',
        tls_skip_verify: true,
        interval: '5s',
        timeout: '1s',
      },
      {
        type: 'http',
        url: 'https://h/',
        method: 'POST',
        header: { a: ['b'] },
        body: 'x',
        disableRedirects: true,
        interval: 5000,
        timeout: 1000,
        tlsServerName: 'n',
        tlsSkipVerify: true,
      },
    ],
    [
      { tcp: 'localhost:80', interval: '5s' },
      { type: 'tcp', address: 'localhost:80', useTls: false, ...timed, ...tls },
    ],
    [
      { udp: '[::1]:53', interval: '5s' },
      { type: 'udp', address: '[::1]:53', ...timed },
    ],
    [
      { grpc: 'h:1/my.Service', grpc_use_tls: true, interval: '5s' },
      { type: 'grpc', address: 'h:1', service: 'my.Service', useTls: true, ...timed, ...tls },
    ],
    [
      { h2ping: 'h:1', interval: '5s' },
      { type: 'h2ping', address: 'h:1', useTls: true, ...timed, ...tls },
    ],
    [
      { args: ['true'], interval: '5s' },
      { type: 'script', args: ['true'], interval: 5000, timeout: 30_000 },
    ],
    [
      { docker_container_id: 'c', args: ['true'], interval: '5s' },
      { type: 'docker', containerId: 'c', shell: '', args: ['true'], ...timed },
    ],
    [
      { os_service: 'nginx', interval: '5s' },
      { type: 'os_service', service: 'nginx', ...timed },
    ],
    [{ alias_service: 'web' }, { type: 'alias', service: 'web', node: '' }],
    [{ alias_node: 'n1' }, { type: 'alias', service: '', node: 'n1' }],
  ]
  for (const [written, kind] of cases)
    t.strictSame(check({ name: 'c', ...written }).kind, kind, JSON.stringify(written))
})

t.test('the rest of a check', async t => {
  const one = check({
    name: 'c',
    service_id: 'web',
    ttl: '1h',
    status: 'passing',
    notes: 'n',
    token: 'secret',
    output_max_size: 100,
    success_before_passing: 2,
    failures_before_critical: 3,
    deregister_critical_service_after: '90m',
  })
  t.match(one, {
    id: 'c',
    name: 'c',
    serviceId: 'web',
    status: 'passing',
    notes: 'n',
    token: 'secret',
    outputMaxSize: 100,
    successBeforePassing: 2,
    failuresBeforeWarning: 3,
    failuresBeforeCritical: 3,
    deregisterCriticalServiceAfter: 5_400_000,
  })
  t.strictSame(
    one.written,
    {
      Interval: '0s',
      Timeout: '0s',
      TTL: '1h0m0s',
      OutputMaxSize: 100,
      SuccessBeforePassing: 2,
      FailuresBeforeCritical: 3,
      DeregisterCriticalServiceAfter: '1h30m0s',
    },
    'neither who it belongs to nor its token',
  )
  t.equal(check({ name: 'c', ttl: '1h', output_max_size: 10_000 }).outputMaxSize, 4096)
  t.equal(check({ id: 'only', ttl: '1h' }).name, 'only')
  t.equal(check({ name: 'c', ttl: '1h', status: '' }).status, 'critical')
})

t.test('what a check gets wrong', async t => {
  const cases: readonly (readonly [WrittenCheck, path: string, code: string, message: RegExp, hint?: RegExp])[] = [
    [{}, '', 'missing-kind', /what to test/, /ttl: "30s"/],
    [{ interval: '10s' }, '', 'missing-kind', /what to test/],
    [{ http: '' }, '', 'missing-kind', /what to test/],
    [{ docker_container_id: 'c', interval: '10s' }, '', 'missing-args', /no program/, /args/],
    [{ http: 'http://h/', tcp: 'h:1', interval: '10s' }, '', 'two-kinds', /http and tcp/, /several checks/],
    [{ ttl: '10s', http: 'http://h/' }, '', 'two-kinds', /ttl and http/],
    [{ http: 'http://h/' }, '', 'missing-interval', /http check has no interval/, /interval: "10s"/],
    [{ args: ['true'] }, '', 'missing-interval', /args check/],
    [{ tcp: 'h:1', interval: '0s' }, 'interval', 'bad-duration', /above 0/],
    [{ tcp: 'h:1', interval: 'soon' }, 'interval', 'bad-duration', /"soon" is not a duration/, /10s/],
    [{ tcp: 'h:1', interval: '10s', timeout: '-1s' }, 'timeout', 'bad-duration', /negative/],
    [{ ttl: '10s', interval: '10s' }, 'interval', 'ttl-and-interval', /no interval/, /remove/],
    [{ ttl: '0s' }, 'ttl', 'bad-duration', /above 0/],
    [{ http: 'h:80/health', interval: '10s' }, 'http', 'bad-url', /not an http/, /http:\/\/h:80\/health/],
    [{ http: 'http://', interval: '10s' }, 'http', 'bad-url', /not an http/],
    [{ tcp: 'localhost', interval: '10s' }, 'tcp', 'bad-address', /host:port/],
    [{ tcp: 'localhost:99999', interval: '10s' }, 'tcp', 'bad-address', /65535/],
    [{ udp: '::1:53', interval: '10s' }, 'udp', 'bad-address', /host:port/, /brackets/],
    [{ grpc: 'http://h:1', interval: '10s' }, 'grpc', 'bad-address', /host:port/],
    [{ h2ping: 'https://h:1', interval: '10s' }, 'h2ping', 'bad-address', /host:port/, /leave out/],
    [{ ttl: '1h', status: 'fine' as 'passing' }, 'status', 'bad-status', /passing, warning and critical/],
    [{ ttl: '1h', output_max_size: -1 }, 'output_max_size', 'out-of-range', /negative/],
    [{ ttl: '1h', success_before_passing: -1 }, 'success_before_passing', 'out-of-range', /negative/],
    [
      { ttl: '1h', failures_before_warning: 2, failures_before_critical: 1 },
      'failures_before_warning',
      'out-of-range',
      /above failures_before_critical/,
    ],
    [
      { ttl: '1h', service_id: 'w', deregister_critical_service_after: '-5m' },
      'deregister_critical_service_after',
      'bad-duration',
      /negative/,
    ],
  ]
  for (const [written, path, code, message, hint] of cases) {
    const { definition, problems } = completeCheck({ name: 'c', ...written }, limits)
    const name = JSON.stringify(written)
    t.equal(definition, undefined, name)
    t.equal(problems.length, 1, `${name}: one problem`)
    t.match(problems[0], { severity: 'error', code, message }, name)
    t.equal(problems[0]?.path.join('.'), path, name)
    if (hint !== undefined) t.match(problems[0]?.hint, hint, name)
  }
  t.match(completeCheck({ ttl: '1h' }, limits).problems, [{ code: 'missing-name', severity: 'error' }])
})

t.test('addresses and URLs that Go reads, and with it Consul', async t => {
  for (const url of [
    'http://[127.0.0.1]:9001/',
    'http://:8080/health',
    'http://[fe80::1%25eth0]/',
    'HTTPS://localhost:080',
  ]) {
    t.strictSame(completeCheck({ name: 'c', http: url, interval: '10s' }, limits).problems, [], url)
  }
  for (const address of ['db:http', '[127.0.0.1]:80', ':8080', '[::1%lo]:https', 'localhost:080']) {
    for (const kind of ['tcp', 'udp', 'grpc', 'h2ping'])
      t.strictSame(
        completeCheck({ name: 'c', [kind]: address, interval: '10s' }, limits).problems,
        [],
        `${kind} ${address}`,
      )
  }
  t.match(completeCheck({ name: 'c', tcp: 'localhost:80O', interval: '10s' }, limits), {
    definition: {},
    problems: [{ severity: 'warning', code: 'named-port', message: /"80o"/ }],
  })
})

t.test('corrected with a warning', async t => {
  const warned = (written: WrittenCheck, path: string, code: string): CheckDefinition | undefined => {
    const { definition, problems } = completeCheck({ name: 'c', service_id: 'web', ...written }, limits)
    t.match(problems, [{ severity: 'warning', code }], JSON.stringify(written))
    t.equal(problems[0]?.path.join('.'), path)
    return definition
  }
  t.match(warned({ tcp: 'h:1', interval: '100ms' }, 'interval', 'raised')?.kind, { interval: 1000 })
  t.equal(
    warned({ ttl: '1h', deregister_critical_service_after: '5s' }, 'deregister_critical_service_after', 'raised')
      ?.deregisterCriticalServiceAfter,
    60_000,
  )
  t.ok(warned({ alias_service: 'a', interval: '5s' }, 'interval', 'no-effect'))
  t.ok(
    warned(
      { service_id: '', ttl: '1h', deregister_critical_service_after: '5m' },
      'deregister_critical_service_after',
      'no-effect',
    ),
  )
})

t.test('what a service gets wrong', async t => {
  const pairs = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, '']))
  const cases: readonly (readonly [
    Partial<WrittenService>,
    path: string,
    severity: Problem['severity'],
    code: string,
    message: RegExp,
  ])[] = [
    [{ name: '' }, '', 'error', 'missing-name', /no name/],
    [{ address: '0.0.0.0' }, 'address', 'error', 'bad-address', /listens/],
    [{ address: '::' }, 'address', 'error', 'bad-address', /listens/],
    [{ address: '10.0.0.1:80' }, 'address', 'warning', 'dns-address', /has a port/],
    [{ port: 65536 }, 'port', 'error', 'out-of-range', /65535/],
    [{ port: -1 }, 'port', 'error', 'out-of-range', /-1/],
    [
      { tagged_addresses: { wan: { address: 'h', port: 70000 } } },
      'tagged_addresses.wan.port',
      'error',
      'out-of-range',
      /70000/,
    ],
    [
      { tagged_addresses: { wan: { address: '0.0.0.0' } } },
      'tagged_addresses.wan.address',
      'error',
      'bad-address',
      /listens/,
    ],
    [{ socket_path: '/s', port: 80 }, 'socket_path', 'error', 'conflict', /socket_path and port/],
    [{ socket_path: '/s', address: 'h' }, 'socket_path', 'error', 'conflict', /socket_path and address/],
    [{ weights: { passing: 0 } }, 'weights.passing', 'error', 'out-of-range', /1 to 65535/],
    [{ weights: { warning: 65536 } }, 'weights.warning', 'error', 'out-of-range', /0 to 65535/],
    [{ meta: { 'bad key!': 'x' } }, 'meta.bad key!', 'error', 'bad-meta', /invalid characters/],
    [{ meta: { '': 'x' } }, 'meta.', 'error', 'bad-meta', /blank/],
    [{ meta: { 'consul-x': 'x' } }, 'meta.consul-x', 'error', 'bad-meta', /reserved/],
    [{ meta: { k: 'é'.repeat(257) } }, 'meta.k', 'error', 'bad-meta', /too long/],
    [{ meta: pairs }, 'meta', 'error', 'bad-meta', /more than 64/],
    [{ name: 'my_web' }, 'name', 'warning', 'dns-name', /DNS/],
    [{ name: 'a'.repeat(64) }, 'name', 'warning', 'dns-name', /64 letters/],
    [{ check: { service_id: 'other', ttl: '1h' } }, 'check.service_id', 'warning', 'no-effect', /belongs to it/],
    [{ checks: [{ ttl: '1h' }, { tcp: 'h:1' }] }, 'checks.1', 'error', 'missing-interval', /no interval/],
    [
      { checks: [{ id: 'a', ttl: '1h' }, { ttl: '1h' }], check: { id: 'a', ttl: '1h' } },
      'check.id',
      'error',
      'duplicate-id',
      /checks\[0\] and at check/,
    ],
    [
      { checks: [{ id: 'service:web:2', ttl: '1h' }, { ttl: '1h' }] },
      'checks.1.id',
      'error',
      'duplicate-id',
      /service:web:2/,
    ],
  ]
  for (const [written, path, severity, code, message] of cases) {
    const { definition, problems } = completeService({ name: 'web', ...written }, limits)
    const name = JSON.stringify(written).slice(0, 80)
    t.equal(problems.length, 1, name)
    t.match(problems[0], { severity, code, message }, name)
    t.equal(problems[0]?.path.join('.'), path, name)
    t.equal(definition === undefined, severity === 'error', name)
  }
})

t.test('all problems of a declaration are found in one pass', async t => {
  const { problems } = completeService(
    { name: 'a b', port: 70000, check: {}, checks: [{ http: 'nope', interval: 'x' }] },
    limits,
  )
  t.same(
    problems.map(({ path }) => path.join('.')),
    ['name', 'port', 'checks.0.interval', 'checks.0.http', 'check'],
  )
})

t.test('what the catalog could not hold is an error where it is declared', async t => {
  const errors = ({ problems }: { readonly problems: readonly Problem[] }) =>
    problems.map(({ path, code, severity }) => `${path.join('.')} ${severity} ${code}`)
  t.same(errors(completeService({ name: 'n'.repeat(1001) }, limits)), ['name error too-long'])
  t.same(errors(completeService({ name: 'a', id: 'i'.repeat(1001) }, limits)), ['id error too-long'])
  t.same(errors(completeService({ name: 'a', checks: [{ id: 'c'.repeat(1025), ttl: '1h' }] }, limits)), [
    'checks.0.id error too-long',
  ])
  t.same(errors(completeCheck({ name: 'c'.repeat(1025), ttl: '1h' }, limits)), ['id error too-long'])
})
