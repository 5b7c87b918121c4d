import fc from 'fast-check'
import t from 'tap'
import { packTar } from '../../src/snapshot/index.js'
import { gzipSync } from 'node:zlib'
import { ask, type Reply } from './support/ask.js'
import { operatorIds, OperatorTwin } from './support/operator-twin.js'
import { serve, type Served } from './support/serve.js'

/** Endpoints about the cluster: what stands behind them tells of all that reached it. */
async function cluster(t: Parameters<typeof serve>[0]): Promise<Served & { readonly operator: OperatorTwin }> {
  const served = await serve(t)
  const operator = (served.membership.operator = new OperatorTwin())
  await served.put('/v1/catalog/register', { Node: 'a', Address: '192.0.2.1', Service: { Service: 'web' } })
  return { ...served, operator }
}

/** All that a request may have changed. */
const touched = ({ catalog, membership, operator, agent }: Served & { readonly operator: OperatorTwin }): unknown => [
  catalog.revision,
  membership.told,
  operator.told,
  operator.configuration,
  agent.services().size,
]

const zeros = [0, 0, 0, 0, 0, 0, 0, 0]
const place = (coord: unknown, more: object = {}): unknown => ({ Node: 'a', Coord: coord, ...more })
const good = { Vec: zeros, Error: 1.5, Adjustment: 0, Height: 0 }

/** Refused with this status, and nothing done. A text is sent as it is. */
const refused: readonly (readonly [
  method: string,
  path: string,
  body: unknown,
  status: number,
  text?: string | RegExp,
])[] = [
  ['PUT', '/v1/coordinate/update', undefined, 400, /EOF/],
  ['PUT', '/v1/coordinate/update', '{', 400, /^Request decode failed: /],
  ['PUT', '/v1/coordinate/update', 'null', 400],
  ['PUT', '/v1/coordinate/update', [], 400],
  ['PUT', '/v1/coordinate/update', {}, 400, 'Must provide a node name'],
  ['PUT', '/v1/coordinate/update', { Node: 'a' }, 400, 'Must provide a coordinate'],
  ['PUT', '/v1/coordinate/update', { Node: 'a', Coord: null }, 400, 'Must provide a coordinate'],
  ['PUT', '/v1/coordinate/update', { Node: 7, Coord: good }, 400, /Node: expected a string/],
  ['PUT', '/v1/coordinate/update', place({ ...good, Vec: [0] }), 500, 'incompatible coordinate'],
  ['PUT', '/v1/coordinate/update', place({ ...good, Vec: [...zeros, 0] }), 500, 'incompatible coordinate'],
  ['PUT', '/v1/coordinate/update', place({}), 500, 'incompatible coordinate'],
  ['PUT', '/v1/coordinate/update', place({ ...good, Vec: zeros.map(String) }), 400, /expected a number/],
  ['PUT', '/v1/coordinate/update', place({ ...good, Height: '1' }), 400, /expected a number/],
  ['PUT', '/v1/coordinate/update', place({ ...good, Depth: 1 }), 400, /unknown field "Depth"/],
  ['PUT', '/v1/coordinate/update', '{"Node":"a","Coord":{"Vec":[1e999,0,0,0,0,0,0,0]}}', 500, 'invalid coordinate'],
  [
    'PUT',
    '/v1/coordinate/update',
    '{"Node":"a","Coord":{"Vec":[0,0,0,0,0,0,0,0],"Error":-1e999}}',
    500,
    'invalid coordinate',
  ],
  ['PUT', '/v1/coordinate/update', place(good, { Segment: 'x' }), 400, /segment "x" not found/],
  ['PUT', '/v1/coordinate/update', 'x'.repeat(20_000), 413],
  ['POST', '/v1/coordinate/update', place(good), 405],
  ['GET', '/v1/coordinate/node/', undefined, 400, 'Missing node name'],
  ['GET', `/v1/coordinate/node/${'x'.repeat(5000)}`, undefined, 404],
  ['GET', '/v1/coordinate/nodes?dc=nowhere', undefined, 500, 'No path to datacenter'],
  ['PUT', '/v1/coordinate/update?dc=nowhere', place(good), 500, 'No path to datacenter'],
  ['GET', '/v1/coordinate/nodes?index=x', undefined, 400, /Invalid index/],

  ['PUT', '/v1/event/fire/', 'x', 400, 'Missing name'],
  ['PUT', '/v1/event/fire/x?tag=blue', 'x', 500, 'Cannot provide tag filter without service filter'],
  ['PUT', '/v1/event/fire/x?node=((', 'x', 500, /^Invalid node filter: /],
  ['PUT', '/v1/event/fire/x?service=*', 'x', 500, /^Invalid service filter: /],
  ['PUT', '/v1/event/fire/x?service=web&tag=[', 'x', 500, /^Invalid tag filter: /],
  ['PUT', '/v1/event/fire/x', 'x'.repeat(600), 500, /^user event exceeds configured limit of 512 bytes/],
  ['PUT', `/v1/event/fire/${'x'.repeat(600)}`, '', 500, /^user event exceeds/],
  ['PUT', `/v1/event/fire/x?node=${'a'.repeat(600)}`, '', 500, /^user event exceeds/],
  ['PUT', '/v1/event/fire/x', 'x'.repeat(20_000), 413],
  ['GET', '/v1/event/fire/x', undefined, 405],
  ['PUT', '/v1/event/fire/x?dc=nowhere', '', 500, 'No path to datacenter'],
  ['GET', '/v1/event/list?index=-1', undefined, 400, 'Invalid index'],
  ['GET', `/v1/event/list?index=${'9'.repeat(21)}`, undefined, 400, 'Invalid index'],
  ['GET', '/v1/event/list?index=1&wait=soon', undefined, 400],

  ['DELETE', '/v1/operator/raft/peer', undefined, 400, /^Bad request: Must specify either/],
  ['DELETE', '/v1/operator/raft/peer?id=&address=', undefined, 400, /^Bad request: Must specify either/],
  [
    'DELETE',
    `/v1/operator/raft/peer?id=${operatorIds[0]}&address=x`,
    undefined,
    400,
    /^Bad request: Must specify only one/,
  ],
  ['DELETE', '/v1/operator/raft/peer?id=__proto__', undefined, 500, /was not found in the Raft configuration/],
  ['GET', '/v1/operator/raft/peer', undefined, 405],
  ['GET', '/v1/operator/raft/transfer-leader', undefined, 405],
  ['PUT', '/v1/operator/autopilot/configuration', undefined, 400, /^Bad request: Error parsing autopilot config: /],
  ['PUT', '/v1/operator/autopilot/configuration', 'null', 400],
  ['PUT', '/v1/operator/autopilot/configuration', '[]', 400],
  ['PUT', '/v1/operator/autopilot/configuration', { CleanupDeadServers: 'yes' }, 400, /expected true or false/],
  ['PUT', '/v1/operator/autopilot/configuration', { MaxTrailingLogs: 1.5 }, 400, /expected a whole number/],
  ['PUT', '/v1/operator/autopilot/configuration', '{"MaxTrailingLogs":1e30}', 400, /expected a whole number/],
  ['PUT', '/v1/operator/autopilot/configuration', { MinQuorum: -1 }, 400],
  ['PUT', '/v1/operator/autopilot/configuration', { ServerStabilizationTime: '-1s' }, 400, /invalid duration/],
  [
    'PUT',
    '/v1/operator/autopilot/configuration',
    { ServerStabilizationTime: `${'9'.repeat(400)}h` },
    400,
    /invalid duration/,
  ],
  ['PUT', '/v1/operator/autopilot/configuration?cas=1.5', {}, 400, /^Bad request: Error parsing cas value/],
  [
    'PUT',
    `/v1/operator/autopilot/configuration?cas=${'9'.repeat(30)}`,
    {},
    400,
    /^Bad request: Error parsing cas value/,
  ],
  ['PUT', '/v1/operator/autopilot/configuration?dc=nowhere', {}, 500, 'No path to datacenter'],
  ['PUT', '/v1/operator/keyring', { Key: 'x' }, 409, /^Keyring is empty/],
  ['PUT', '/v1/operator/keyring', '{', 400, /^Request decode failed/],
  ['POST', '/v1/operator/keyring', { Key: 1 }, 400, /^Request decode failed: Key: expected a string/],
  ['GET', '/v1/operator/keyring?relay-factor=asdf', undefined, 400, /Error parsing relay factor/],
  ['GET', '/v1/operator/keyring?relay-factor=999', undefined, 400, /Relay factor must be in range/],
  ['GET', '/v1/operator/keyring?local-only=garbage', undefined, 400, /Error parsing local-only/],
  ['DELETE', '/v1/operator/keyring?local-only=true', undefined, 400, /Error parsing local-only/],

  ['PUT', '/v1/snapshot', undefined, 500, /^failed to decompress snapshot/],
  ['PUT', '/v1/snapshot', 'no archive', 500, /^failed to decompress snapshot/],
  ['PUT', '/v1/snapshot', gzipSync('no tar'), 500, /^failed to read snapshot file/],
  [
    'PUT',
    '/v1/snapshot',
    gzipSync(packTar([{ name: '../../etc/passwd', data: Buffer.from('x') }], 0)),
    500,
    /meta\.json is missing/,
  ],
  ['PUT', '/v1/snapshot?dc=nowhere', 'x', 500, 'No path to datacenter'],
  ['GET', '/v1/snapshot?dc=nowhere', undefined, 500, 'No path to datacenter'],
  ['DELETE', '/v1/snapshot', undefined, 405],

  ['PUT', '/v1/agent/join/', undefined, 400, 'Missing address to join'],
  ['GET', '/v1/agent/join/127.0.0.2', undefined, 405],
  ['PUT', '/v1/agent/force-leave/', undefined, 400, 'Missing node name'],
  // Consul's answer to a name that nobody has.
  ['PUT', '/v1/agent/force-leave/nobody', undefined, 500, /No node found with name 'nobody'/],
  ['PUT', '/v1/agent/service/deregister/web?node=nobody', undefined, 404, /no living agent of node "nobody"/],
  ['PUT', '/v1/agent/service/deregister/web?node=__proto__', undefined, 404, /no living agent/],
]

void t.test('what cannot be done is refused, with a reason and without a trace', async t => {
  const served = await cluster(t)
  for (const [method, path, body, status, text] of refused) {
    const what = `${method} ${path.slice(0, 80)} ${typeof body === 'object' && !Buffer.isBuffer(body) ? JSON.stringify(body) : typeof body === 'string' ? body.slice(0, 40) : ''}`
    const before = JSON.stringify(touched(served))
    const reply = await ask(served.port, path, { method, ...(body !== undefined && { body }) })
    t.equal(reply.status, status, `${what}: ${reply.body}`)
    if (text !== undefined) t.match(reply.body, text, what)
    t.equal(JSON.stringify(touched(served)), before, `${what} has changed nothing`)
  }
})

const odd = fc.constantFrom(
  '',
  'a',
  'nobody',
  '%00',
  '%ff',
  '%',
  '..%2F..',
  '__proto__',
  'constructor',
  '%F0%9F%92%A9',
  '0.0.0.0',
  '[::1',
  'x:99999',
  ':',
  '127.0.0.1:-1',
  '%0d%0aX:1',
  'x'.repeat(3000),
  '((',
  '.*',
  '-1',
  '1e3',
  operatorIds[1] ?? '',
)
const paths = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(
        '/v1/coordinate/node/',
        '/v1/event/fire/',
        '/v1/agent/join/',
        '/v1/agent/force-leave/',
        '/v1/agent/service/deregister/',
      ),
      fc.oneof(odd, fc.webPath()),
    )
    .map(([path, rest]) => path + rest),
  fc.constantFrom(
    '/v1/coordinate/update',
    '/v1/coordinate/nodes',
    '/v1/coordinate/datacenters',
    '/v1/event/list',
    '/v1/operator/raft/configuration',
    '/v1/operator/raft/peer',
    '/v1/operator/raft/transfer-leader',
    '/v1/operator/autopilot/configuration',
    '/v1/operator/autopilot/health',
    '/v1/operator/autopilot/state',
    '/v1/snapshot',
  ),
)
const parameters = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        'node',
        'dc',
        'id',
        'address',
        'cas',
        'service',
        'tag',
        'name',
        'segment',
        'wan',
        'prune',
        'stale',
        'near',
        'index',
        'wait',
      ),
      fc.oneof(odd, fc.webQueryParameters()),
    ),
    { maxLength: 3 },
  )
  .map(pairs =>
    pairs
      .map(([name, value]) =>
        name === 'wait' ? 'wait=1ms' : name === 'index' ? `index=${value}&wait=1ms` : `${name}=${value}`,
      )
      .join('&'),
  )
const bodies = fc.oneof(
  fc.constantFrom(undefined, '', 'null', '{', '[]', '{"__proto__":{"Node":"a"}}'),
  fc.json(),
  fc.uint8Array().map(bytes => Buffer.from(bytes)),
  fc
    .record(
      {
        Node: fc.oneof(fc.constant('a'), fc.string(), fc.anything({ maxDepth: 1 })),
        Segment: fc.constantFrom('', 'x', 1),
        Coord: fc.record(
          {
            Vec: fc.oneof(
              fc.constant(zeros),
              fc.array(fc.double(), { minLength: 8, maxLength: 8 }),
              fc.array(fc.anything({ maxDepth: 0 })),
            ),
            Error: fc.anything({ maxDepth: 1 }),
            Height: fc.double(),
          },
          { requiredKeys: [] },
        ),
        CleanupDeadServers: fc.anything({ maxDepth: 0 }),
        MinQuorum: fc.oneof(fc.integer(), fc.double()),
        LastContactThreshold: fc.oneof(fc.string(), fc.constantFrom('1s', '-1s', '1e9s', '0')),
      },
      { requiredKeys: [] },
    )
    .map(value => JSON.stringify(value)),
)

/** What a 500 may say: Consul's texts for what its servers refuse. */
const known = [
  /^No path to datacenter$/,
  /^id ".*" was not found in the Raft configuration/s,
  /^address ".*" was not found in the Raft configuration/s,
  /^agent: No node found with name '.*'/s,
  /^1 error occurred: \* Failed to join/,
  /^ServiceID missing/,
  /^(incompatible|invalid) coordinate/,
  /^Cannot provide tag filter without service filter$/,
  /^Invalid (node|service|tag) filter: /,
  /^user event exceeds configured limit/,
  /^failed to (decompress snapshot|read snapshot file)/,
]

void t.test('whatever is asked of the cluster, 500 is answered only in the words that Consul has for it', async t => {
  const served = await cluster(t)
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('GET', 'PUT', 'PUT', 'PUT', 'POST', 'DELETE'),
      paths,
      parameters,
      bodies,
      async (method, path, search, body) => {
        const target = `${path}?${search}`.replace(/[^\x21-\x7e]/g, '')
        const reply: Reply = await ask(served.port, target, { method, ...(body !== undefined && { body }) })
        if (reply.status < 200 || reply.status > 500)
          throw new Error(`${method} ${target}: ${reply.status} ${reply.body}`)
        if (reply.status === 500 && !known.some(text => text.test(reply.body)))
          throw new Error(`${method} ${target}: 500 ${reply.body}`)
      },
    ),
    { numRuns: 400 },
  )
  t.equal((await ask(served.port, '/v1/status/leader')).status, 200)
  for (const path of [
    '/v1/coordinate/nodes',
    '/v1/event/list',
    '/v1/operator/autopilot/configuration',
    '/v1/catalog/nodes?near=a',
  ]) {
    t.equal((await served.get(path)).status, 200, path)
  }
})
