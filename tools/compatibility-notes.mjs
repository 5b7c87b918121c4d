// What no source file says in so many words: how each endpoint and command of muster compares with Consul 1.10, and
// what Consul has beside them. tools/compatibility.mjs makes the tables of docs/consul.md from it; a test holds it
// against the routes and commands that there are.

const acl = 'answers 401 `ACL support disabled`, as Consul without access control'
const same = ''
const noKeys = 'there are no keys yet: it is answered as by Consul without encryption, and changes are refused'

/** Endpoints by path (`*`: the rest of the path): methods, and what is not as in Consul 1.10; '' where nothing is. */
export const endpoints = {
  '/': ['GET', 'text `Consul Agent`; there is no web page yet'],

  '/v1/agent/self': [
    'GET',
    "figures of gossip are absent; `Version` is `1.10.0`, by which clients judge what they may ask for, and muster's own stands in `MusterVersion`; `DebugConfig` has what means something here",
  ],
  '/v1/agent/members': [
    'GET',
    'same fields; a member whose status cannot be known, because there is no leader, has `UnheardSince` too; statuses come from leases, see "Failure detection times" in the README',
  ],
  '/v1/agent/host': ['GET', same],
  '/v1/agent/ready': [
    'GET',
    '**muster only**: 200 when a registration would be answered, 503 with the reason and what to do until then; `?level=started` and `?level=serving` ask for less',
  ],
  '/v1/agent/config': ['GET', '**muster only**: files, outcome of the last reload, diagnostics with file and line'],
  '/v1/agent/plan': ['GET', '**muster only**: what a reload would change'],
  '/v1/agent/services': ['GET', 'each entry also says who declared it'],
  '/v1/agent/service/*': ['GET', same],
  '/v1/agent/service/register': ['PUT', same],
  '/v1/agent/service/deregister/*': [
    'PUT',
    '`X-Muster-Warning` when a file declares it, since a reload brings it back; `?node=` hands it to the agent of that node',
  ],
  '/v1/agent/service/maintenance/*': ['PUT', same],
  '/v1/agent/checks': ['GET', 'each entry also says who declared it, and since when it has its status (`StatusSince`)'],
  '/v1/agent/check/register': ['PUT', same],
  '/v1/agent/check/deregister/*': ['PUT', '`?node=` hands it to the agent of that node'],
  '/v1/agent/check/pass/*': ['PUT', same],
  '/v1/agent/check/warn/*': ['PUT', same],
  '/v1/agent/check/fail/*': ['PUT', same],
  '/v1/agent/check/update/*': ['PUT', same],
  '/v1/agent/health/service/id/*': ['GET', same],
  '/v1/agent/health/service/name/*': ['GET', same],
  '/v1/agent/maintenance': ['PUT', same],
  '/v1/agent/join/*': ['PUT', 'a lone server that nobody told what it is becomes a client agent of those it joins'],
  '/v1/agent/leave': ['PUT', same],
  '/v1/agent/force-leave/*': ['PUT', same],
  '/v1/agent/reload': [
    'PUT',
    'a broken file keeps its last good content, the rest applies; 500 says what is wrong and where',
  ],
  '/v1/agent/token/*': ['PUT', acl],
  '/v1/agent/monitor': ['GET', same],
  '/v1/agent/metrics': [
    'GET',
    "Prometheus' format without a setting; names are muster's where there is no counterpart",
  ],

  '/debug/pprof/profile': ['GET', 'profile of V8 (`.cpuprofile`), not of Go; with `enable_debug`'],
  '/debug/pprof/heap': ['GET', 'likewise (`.heapprofile`)'],
  '/debug/pprof/trace': ['GET', 'likewise (trace events of V8 and Node.js)'],
  '/debug/pprof/goroutine': ['GET', 'what Node.js waits for, counted by kind; with `enable_debug`'],

  '/v1/catalog/register': [
    'PUT',
    '`X-Muster-Warning` names the owner when the node has a live agent, which puts its own entries back',
  ],
  '/v1/catalog/deregister': ['PUT', 'likewise'],
  '/v1/catalog/datacenters': ['GET', same],
  '/v1/catalog/nodes': ['GET', same],
  '/v1/catalog/services': ['GET', same],
  '/v1/catalog/service/*': ['GET', 'a blocked query on a service that does not exist yet wakes for that service only'],
  '/v1/catalog/node/*': ['GET', 'a blocked query wakes for that node only'],
  '/v1/catalog/node-services/*': ['GET', 'likewise'],

  '/v1/health/node/*': ['GET', 'a blocked query wakes for that node only'],
  '/v1/health/checks/*': ['GET', same],
  '/v1/health/state/*': [
    'GET',
    'checks also say since when they have their status (`StatusSince`), where that is known; so in the other `health` answers',
  ],
  '/v1/health/service/*': ['GET', 'as `catalog/service`'],

  '/v1/kv/*': ['GET, PUT, DELETE', same],
  '/v1/session/create': ['PUT', same],
  '/v1/session/destroy/*': ['PUT', same],
  '/v1/session/renew/*': ['PUT', same],
  '/v1/session/info/*': ['GET', same],
  '/v1/session/node/*': ['GET', same],
  '/v1/session/list': ['GET', same],
  '/v1/txn': ['PUT', same],

  '/v1/event/fire/*': ['PUT', same],
  '/v1/event/list': [
    'GET',
    'events go through the servers: each agent gets each one at least once, instead of at most once',
  ],

  '/v1/query': ['GET, POST', same],
  '/v1/query/*': ['GET, PUT, DELETE', same],
  '/v1/query/*/execute': ['GET', '`connect` has no effect'],
  '/v1/query/*/explain': ['GET', same],

  '/v1/status/leader': ['GET', same],
  '/v1/status/peers': ['GET', same],
  '/v1/coordinate/datacenters': ['GET', same],
  '/v1/coordinate/nodes': ['GET', same],
  '/v1/coordinate/node/*': ['GET', same],
  '/v1/coordinate/update': ['PUT', same],
  '/v1/operator/raft/configuration': ['GET', same],
  '/v1/operator/raft/peer': ['DELETE', 'refused where it would leave no majority'],
  '/v1/operator/raft/transfer-leader': ['POST, PUT', 'as Consul since 1.11'],
  '/v1/operator/autopilot/configuration': ['GET, PUT', same],
  '/v1/operator/autopilot/health': ['GET', same],
  '/v1/operator/autopilot/state': ['GET', same],
  '/v1/operator/usage': ['GET', 'as Consul since 1.14'],
  '/v1/operator/keyring': ['GET, POST, PUT, DELETE', noKeys],
  '/v1/snapshot': [
    'GET, PUT',
    'same outer form (gzip, tar, checksums); an archive of Consul itself cannot be restored, and the other way round',
  ],
  '/v1/internal/ui/nodes': ['GET', same],
  '/v1/internal/ui/node/*': ['GET', same],
  '/v1/internal/ui/services': ['GET', same],

  ...Object.fromEntries(
    [
      ['bootstrap', 'PUT'],
      ['replication', 'GET'],
      ['login', 'POST'],
      ['logout', 'POST'],
      ['tokens', 'GET'],
      ['token', 'PUT'],
      ['token/self', 'GET'],
      ['token/*', 'GET, PUT, DELETE'],
      ['policies', 'GET'],
      ['policy', 'PUT'],
      ['policy/*', 'GET, PUT, DELETE'],
      ['policy/name/*', 'GET'],
      ['roles', 'GET'],
      ['role', 'PUT'],
      ['role/*', 'GET, PUT, DELETE'],
      ['role/name/*', 'GET'],
      ['auth-methods', 'GET'],
      ['auth-method', 'PUT'],
      ['auth-method/*', 'GET, PUT, DELETE'],
      ['binding-rules', 'GET'],
      ['binding-rule', 'PUT'],
      ['binding-rule/*', 'GET, PUT, DELETE'],
      ['rules/translate', 'POST'],
      ['rules/translate/*', 'GET'],
      ['create', 'PUT'],
      ['update', 'PUT'],
      ['destroy/*', 'PUT'],
      ['clone/*', 'PUT'],
      ['info/*', 'GET'],
      ['list', 'GET'],
    ].map(([path, methods]) => [`/v1/acl/${path}`, [methods, acl]]),
  ),
}

/** Endpoints of Consul 1.10 that muster answers with 404. Those of the mesh are left out. */
export const absentEndpoints = [
  ['/debug/pprof/*', 'GET', 'the other profiles are those of Go'],
  ['/ui/', 'GET', 'no web page yet'],
  ['/v1/internal/acl/authorize', 'POST', "used by Consul's page; no access control yet"],
]

/** Commands: what is not as in Consul 1.10. Those without a line here are as there. */
export const commandNotes = {
  'agent':
    "Consul's flags, those without effect named as such by `-h`; needs no `-data-dir`; without a word about servers it is a server of its own",
  'validate':
    'every finding in one pass, with file, line and column; `-format` text, json, github, sarif, junit; `-strict`: warnings count, too; standard input',
  'plan': '**muster only**',
  'reload': 'waits for the outcome; exit code 1 and the places when something is broken',
  'ready': '**muster only**; `-level` started, serving or writable',
  'services list': '**muster only**',
  'checks': '**muster only**',
  'keyring': noKeys,
  'debug': 'no KV values, tokens or passwords in the archive; `-output` names the same files',
  'snapshot save': "muster's own archives, see `/v1/snapshot`",
  'snapshot restore': "muster's own archives, see `/v1/snapshot`",
  'snapshot inspect': "muster's own archives, see `/v1/snapshot`",
  'operator raft transfer-leader': 'as Consul since 1.11',
  'operator usage instances': 'as Consul since 1.14, in one table',
  'operator raft remove-peer': 'refused where it would leave no majority',
  'rtt': 'with `-wan`, between servers of datacenters',
}

/**
 * Commands of Consul 1.10 that muster does not have. Those of the mesh (`config`, `connect`, `intention`) are left out.
 */
export const absentCommands = [
  ['acl ...', 'no access control yet'],
  ['login', 'no access control yet'],
  ['logout', 'no access control yet'],
  ['tls ca create', 'no TLS yet'],
  ['tls cert create', 'no TLS yet'],
]

/**
 * Keys that some agents refuse to start with, since ignoring them would leave someone believing in a protection that is
 * not there.
 */
const severalAgents = 'refused where there are other agents'
const cloud =
  'the machines of a cloud are not looked up: name a DNS name whose addresses are those of the servers, or list the addresses; or let a script write them into a file of the configuration directory, as `{"retry_join": [...]}`'

export const refusedKeys = {
  encrypt: severalAgents,
  verify_incoming: severalAgents,
  verify_incoming_rpc: severalAgents,
  verify_outgoing: severalAgents,
  verify_server_hostname: severalAgents,
  auto_encrypt: `\`tls\`, \`allow_tls\`: ${severalAgents}`,
  tls: `\`verify_*\` of \`defaults\` and \`internal_rpc\`: ${severalAgents}`,
  retry_join: `\`provider=...\` is refused, since ${cloud}`,
  retry_join_wan: 'likewise',
  acl: '`enabled` with `default_policy` "deny" is refused: nothing would be denied',
}
