import fc from 'fast-check'
import t from 'tap'
import { MusterError } from '../../../src/common/errors.js'
import { checkFromApi, serviceFromApi } from '../../../src/config/complete/index.js'

const limits = { checkOutputMaxSize: 4096 }

function refusal(run: () => unknown): MusterError | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    if (error instanceof MusterError) return error
    throw error
  }
}

t.test('keys in any case, and the snake_case ones that Consul takes', async t => {
  const expected = {
    id: 'lower',
    name: 'lower',
    tags: ['a'],
    port: 7,
    enableTagOverride: true,
    taggedAddresses: { lan: { address: '192.0.2.1', port: 1 } },
  }
  t.match(
    serviceFromApi(
      {
        id: 'lower',
        name: 'lower',
        tags: ['a'],
        port: 7,
        enable_tag_override: true,
        tagged_addresses: { lan: { address: '192.0.2.1', port: 1 } },
      },
      limits,
    ),
    expected,
  )
  t.match(
    serviceFromApi(
      {
        Id: 'lower',
        NAME: 'lower',
        Tags: ['a'],
        PORT: 7,
        enabletagoverride: true,
        TaggedAddresses: { lan: { Address: '192.0.2.1', Port: 1 } },
      },
      limits,
    ),
    expected,
  )
  for (const key of ['Args', 'ScriptArgs', 'script_args', 'ARGS']) {
    t.match(checkFromApi({ Name: 'c', [key]: ['true'], Interval: '5s' }, limits).kind, {
      type: 'script',
      args: ['true'],
    })
  }
  t.match(
    checkFromApi(
      {
        Name: 'c',
        GRPC: 'h:1',
        grpc_use_tls: true,
        tls_server_name: 'n',
        tls_skip_verify: true,
        interval: '5s',
        service_id: 'web',
      },
      limits,
    ),
    {
      serviceId: 'web',
      kind: { type: 'grpc', useTls: true, tlsServerName: 'n', tlsSkipVerify: true },
    },
  )
})

t.test('null is left out, mesh keys are kept as they came', async t => {
  t.match(
    serviceFromApi(
      {
        Name: 'a',
        Tags: null,
        Meta: null,
        Check: null,
        Checks: null,
        Weights: null,
        Proxy: { Mode: 'x' },
        Connect: { Native: true },
      },
      limits,
    ),
    {
      tags: [],
      meta: {},
      checks: [],
      weights: { passing: 1, warning: 1 },
      mesh: { proxy: { Mode: 'x' }, connect: { Native: true } },
    },
  )
  t.notOk('mesh' in serviceFromApi({ Name: 'a', Proxy: {}, Connect: null }, limits), 'what says nothing is not kept')
  t.equal(
    refusal(() => serviceFromApi({ Name: 'a', Proxy: 'x' }, limits))?.message,
    'Request decode failed: json: Proxy must be an object, found a text',
  )
  t.match(
    checkFromApi({ Name: 'c', TTL: '10s' }, limits).written,
    { TTL: '10s', Interval: '0s', Timeout: '0s' },
    'a check that stands alone',
  )
  t.match(serviceFromApi({ Name: 'a', Check: { TCP: 'h:1', Interval: '60s' } }, limits).checks[0]?.written, {
    TCP: 'h:1',
    Interval: '1m0s',
    Timeout: undefined,
  })
  t.same(serviceFromApi({ Name: 'a', Check: {} }, limits).checks, [])
  t.same(
    serviceFromApi({ Name: 'a', Check: { Name: '', TTL: 0, Header: {}, TLSSkipVerify: false } }, limits).checks,
    [],
  )
  t.equal(serviceFromApi({ Name: 'a', Port: 100_000 }, limits).port, 100_000, 'ports are not range-checked here')
})

t.test('Check comes before Checks, ids by position', async t => {
  const ids = (body: object) => serviceFromApi(body, limits).checks.map(check => check.id)
  t.same(ids({ Name: 'both', Check: { CheckID: 'both-a', TTL: '1h' }, Checks: [{ CheckID: 'both-b', TTL: '1h' }] }), [
    'both-a',
    'both-b',
  ])
  t.same(
    ids({
      ID: 'many-1',
      Name: 'many',
      Checks: [{ TTL: '1h' }, { Name: 'second', TTL: '1h' }, { CheckID: 'third', TTL: '1h' }],
    }),
    ['service:many-1:1', 'service:many-1:2', 'third'],
  )
  t.same(ids({ Name: 'one', Check: { TTL: '1h' } }), ['service:one'])
  t.equal(serviceFromApi({ Name: 'one', Check: { TTL: '1h', ServiceID: 'other' } }, limits).checks[0]?.serviceId, 'one')
})

t.test('the id of a check', async t => {
  t.equal(checkFromApi({ Name: 'n', TTL: '1h' }, limits).id, 'n')
  t.equal(checkFromApi({ ID: 'i', CheckID: '', Name: 'n', TTL: '1h' }, limits).id, 'i')
  t.equal(checkFromApi({ CheckID: 'c', Name: 'n', TTL: '1h' }, limits).id, 'c')
})

t.test('durations as Go texts or nanoseconds', async t => {
  const { kind, written, deregisterCriticalServiceAfter } = checkFromApi(
    {
      Name: 'c',
      HTTP: 'http://h/',
      Interval: 10_000_000_000,
      Timeout: '1500ms',
      DeregisterCriticalServiceAfter: '90m',
    },
    limits,
  )
  t.match(kind, { interval: 10_000, timeout: 1500 })
  t.equal(deregisterCriticalServiceAfter, 5_400_000)
  t.strictSame(written, {
    HTTP: 'http://h/',
    Interval: '10s',
    Timeout: '1.5s',
    DeregisterCriticalServiceAfter: '1h30m0s',
  })
  t.match(checkFromApi({ Name: 'c', TCP: 'h:1', Interval: 1 }, limits).kind, { interval: 1000 }, 'raised to the floor')
})

t.test("the first kind in Consul's order runs", async t => {
  t.equal(
    checkFromApi({ Name: 'c', TCP: 'h:1', HTTP: 'http://h/', GRPC: 'h:1', Interval: '5s' }, limits).kind.type,
    'http',
  )
  t.equal(
    checkFromApi({ Name: 'c', DockerContainerID: 'x', Args: ['true'], H2PING: 'h:1', Interval: '5s' }, limits).kind
      .type,
    'docker',
  )
  t.equal(checkFromApi({ Name: 'c', TTL: 0, TCP: 'h:1', Interval: '5s' }, limits).kind.type, 'tcp')
})

t.test("refused services, in Consul's words", async t => {
  const pairs = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, '']))
  const long = 'k'.repeat(129)
  const cases: readonly (readonly [unknown, string | RegExp])[] = [
    [{}, 'Missing service name'],
    [{ Name: '' }, 'Missing service name'],
    [{ Name: 'a', Address: '0.0.0.0' }, 'Invalid service address'],
    [{ Name: 'a', Address: '::' }, 'Invalid service address'],
    [{ Name: 'a', Weights: { Passing: -1, Warning: 1 } }, 'Invalid Weights: Passing must be greater than 0'],
    [{ Name: 'a', Weights: { Warning: 1 } }, 'Invalid Weights: Passing must be greater than 0'],
    [{ Name: 'a', Weights: { Passing: 1, Warning: -1 } }, 'Invalid Weights: Warning must be greater or equal than 0'],
    [
      { Name: 'a', Weights: { Passing: 100000, Warning: 1 } },
      'Invalid Weights: DNS Weight must be between 0 and 65535',
    ],
    [
      { Name: 'a', Meta: { 'bad key!': 'x' } },
      "Invalid Service Meta: Couldn't load metadata pair ('bad key!', 'x'): Key contains invalid characters",
    ],
    [
      { Name: 'a', Meta: { [long]: 'x' } },
      `Invalid Service Meta: Couldn't load metadata pair ('${long}', 'x'): Key is too long (limit: 128 characters)`,
    ],
    [{ Name: 'a', Meta: { k: 'v'.repeat(513) } }, /Value is too long \(limit: 512 characters\)$/],
    [{ Name: 'a', Meta: pairs }, 'Invalid Service Meta: Node metadata cannot contain more than 64 key/value pairs'],
    [{ Name: 'a', Check: { TTL: 'soon' } }, 'Request decode failed: time: invalid duration "soon"'],
    [
      { Name: 'a', Check: { HTTP: 'http://127.0.0.1:1/' } },
      'Invalid check: Interval must be > 0 for Script, HTTP, H2PING, or TCP checks',
    ],
    [{ Name: 'a', Check: { TTL: '10s', Interval: '10s' } }, 'Invalid check: Interval and TTL cannot both be specified'],
    [{ Name: 'a', Check: { TTL: '10s', Status: 'fine' } }, "Status for checks must 'passing', 'warning', 'critical'"],
    [{ Name: 'a', Checks: [{}] }, 'Invalid check: TTL must be > 0 for TTL checks'],
    [{ Name: 'a', SocketPath: '/s', Port: 1 }, /SocketPath/],
    [{ Name: 'a', Unknown: { a: 1 } }, 'Request decode failed: json: unknown field "Unknown"'],
    [{ Name: 'a', Namespace: 'x' }, 'Request decode failed: json: unknown field "Namespace"'],
    [{ Name: 'a', Weights: { Passing: 1, Other: 1 } }, 'Request decode failed: json: unknown field "Other"'],
    [{ Name: 'a', Check: { ID: 'x', TTL: '1s' } }, 'Request decode failed: json: unknown field "ID"'],
    [{ Name: 'a', Check: { TTL: '1s', Token: 'x' } }, 'Request decode failed: json: unknown field "Token"'],
    [{ Name: 5 }, /^Request decode failed: json: Name must be a text, found the number 5$/],
    [{ Name: 'a', Port: 'eighty' }, /Port must be a whole number/],
    [{ Name: 'a', Port: 1.5 }, /Port must be a whole number/],
    [{ Name: 'a', Tags: 'one' }, /Tags must be a list/],
    [{ Name: 'a', Tags: [1] }, /Tags\[0\] must be a text/],
    [{ Name: 'a', Meta: { a: 1 } }, /Meta.a must be a text/],
    [{ Name: 'a', EnableTagOverride: 'yes' }, /EnableTagOverride must be true or false/],
    [{ Name: 'a', Checks: { TTL: '1s' } }, /Checks must be a list/],
    [{ Name: 'a', Checks: [{ TTL: true }] }, /Checks\[0\].TTL must be a duration/],
    [JSON.parse('{"Name": "a", "__proto__": {}}'), 'Request decode failed: json: unknown field "__proto__"'],
    [[], /the body must be an object/],
    [null, /the body must be an object/],
    ['x', /the body must be an object/],
    [undefined, /the body must be an object/],
  ]
  for (const [body, text] of cases) {
    const found = refusal(() => serviceFromApi(body, limits))
    t.equal(found?.status, 400, JSON.stringify(body))
    if (typeof text === 'string') t.equal(found?.message, text)
    else t.match(found?.message, text)
  }
  t.equal(refusal(() => serviceFromApi({ Name: 'a', Check: { ID: 'x' } }, limits))?.hint, 'write CheckID')
})

t.test("refused checks, in Consul's words", async t => {
  const cases: readonly (readonly [unknown, string])[] = [
    [{}, 'Missing check name'],
    [{ Name: 'nothing' }, 'Invalid check: TTL must be > 0 for TTL checks'],
    [{ Name: 'x', Interval: '10s' }, 'Invalid check: TTL must be > 0 for TTL checks'],
    [{ Name: 'x', TTL: '10s', Status: 'fine' }, 'Bad check status'],
    [{ Name: 'x', TTL: '10 seconds' }, 'Request decode failed: time: unknown unit " seconds" in duration "10 seconds"'],
    [{ Name: 'x', TTL: '10' }, 'Request decode failed: time: missing unit in duration "10"'],
    [{ Name: 'x', TTL: '' }, 'Request decode failed: time: invalid duration ""'],
    [{ Name: 'x', TTL: '1h.' }, 'Request decode failed: time: invalid duration "1h."'],
    [{ Name: 'x', HTTP: 'http://h/' }, 'Invalid check: Interval must be > 0 for Script, HTTP, H2PING, or TCP checks'],
    [
      { Name: 'x', TTL: '10s', HTTP: 'http://h/', Interval: '10s' },
      'Invalid check: Interval and TTL cannot both be specified',
    ],
    [
      { Name: 'x', AliasService: 'a', TCP: 'h:1', Interval: '10s' },
      'Invalid check: Interval cannot be set for Alias checks',
    ],
    [{ Name: 'x', AliasService: 'a', TTL: '10s' }, 'Invalid check: TTL must be not be set for Alias checks'],
    [{ Name: 'x', DockerContainerID: 'c', Interval: '10s' }, 'Invalid check: TTL must be > 0 for TTL checks'],
    [{ Name: 'x', TTL: '10s', OutputMaxSize: -1 }, 'Invalid check: MaxOutputMaxSize must be positive'],
    [
      { Name: 'x', TTL: '10s', FailuresBeforeWarning: 2 },
      "Invalid check: FailuresBeforeWarning can't be higher than FailuresBeforeCritical",
    ],
  ]
  for (const [body, text] of cases)
    t.match(
      refusal(() => checkFromApi(body, limits)),
      { status: 400, message: text },
      JSON.stringify(body),
    )
})

t.test('whatever the body, it is a definition or a 400', async t => {
  const names = [
    'ID',
    'Name',
    'Tags',
    'Meta',
    'Port',
    'Check',
    'Checks',
    'Weights',
    'TaggedAddresses',
    'TTL',
    'Interval',
    'Args',
    'Header',
    'Status',
    'CheckID',
    '__proto__',
    'constructor',
  ]
  const body = fc.dictionary(
    fc.constantFrom(...names),
    fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom('10s', 5e9, ['a'], { TTL: '1s' })),
  )
  fc.assert(
    fc.property(body, fc.boolean(), (given, named) => {
      const whole = JSON.parse(JSON.stringify(named ? { ...given, Name: 'a' } : given)) as unknown
      for (const read of [serviceFromApi, checkFromApi]) {
        const found = refusal(() => read(whole, limits))
        if (found !== undefined && found.status !== 400) return false
      }
      return true
    }),
    { numRuns: 1000 },
  )
  t.equal(({} as { TTL?: string }).TTL, undefined)
})

t.test(
  'what the catalog could not hold is refused at the door, where one entry would keep all others of the node out of it',
  async t => {
    const check = { TTL: '1h' }
    const refused: [unknown, RegExp][] = [
      [{ Name: 'n'.repeat(1001) }, /^service name "n{40}…" is 1001 bytes long, at most 1000 are allowed$/],
      [{ Name: 'a', ID: 'é'.repeat(501) }, /^service id .* is 1002 bytes long/],
      [{ Name: 'a', Check: { ...check, CheckID: 'c'.repeat(1025) } }, /^check id .* is 1025 bytes long, at most 1024 /],
    ]
    for (const [body, message] of refused) {
      const error = refusal(() => serviceFromApi(body, limits))
      t.match(error?.message, message)
      t.equal(error?.status, 400)
    }
    t.equal(refusal(() => checkFromApi({ Name: 'c'.repeat(1025), ...check }, limits))?.status, 400)
    const longest = serviceFromApi({ Name: 'n'.repeat(1000), Checks: [check, check] }, limits)
    for (const id of [...longest.checks.map(({ id }) => id), `_service_maintenance:${longest.id}`])
      t.ok(Buffer.byteLength(id) <= 1024, 'ids made of it fit')
  },
)
