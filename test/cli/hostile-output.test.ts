import t from 'tap'
import { shownText, styled } from '../../src/cli/style.js'
import { printable, printableLines } from '../../src/common/printable.js'
import { plainly, program } from '../support/agent-process.js'
import { startApiStub } from '../support/api-stub.js'
import { muster } from '../support/muster.js'
import { run } from '../support/run.js'

// Each command is a process, and a busy machine starts them slowly.
t.setTimeout(120_000)

/** Clears the screen, forges a line, and reorders what follows. */
const evil = 'evil\u001b[2J\nforged\u009b31m\u202e\u007f'

const node = {
  ID: evil,
  Node: evil,
  Address: evil,
  Datacenter: evil,
  TaggedAddresses: { lan: evil },
  Meta: { [evil]: evil },
}
const answers = {
  'GET /v1/agent/members': {
    body: [
      {
        Name: evil,
        Addr: evil,
        Port: 8301,
        Status: 1,
        ProtocolCur: 2,
        Tags: { role: 'node', dc: evil, build: evil, segment: evil },
      },
    ],
  },
  'GET /v1/catalog/nodes': { body: [node] },
  'GET /v1/catalog/services': { body: { [evil]: [evil] } },
  'GET /v1/catalog/datacenters': { body: [evil] },
  'GET /v1/agent/self': { body: { Stats: { [evil]: { [evil]: evil } } } },
  'GET /v1/operator/raft/configuration': {
    body: { Servers: [{ ID: evil, Node: evil, Address: evil, Leader: true, Voter: true, ProtocolVersion: '3' }] },
  },
  'GET /v1/operator/usage': { body: { Usage: { [evil]: { Nodes: 1, Services: 1, ServiceInstances: 1 } } } },
  'GET /v1/agent/services': {
    body: { [evil]: { ID: evil, Service: evil, Address: evil, Port: 1, Tags: [evil], Origin: evil } },
  },
  'GET /v1/agent/checks': { body: { [evil]: { CheckID: evil, ServiceID: evil, Status: 'critical', Output: evil } } },
  'GET /v1/kv/a': {
    body: [
      { Key: 'a', Value: Buffer.from(evil).toString('base64'), Flags: 0, LockIndex: 0, CreateIndex: 1, ModifyIndex: 1 },
    ],
  },
  'GET /v1/kv/': { body: [evil] },
  'PUT /v1/agent/join/x': { status: 500, body: evil },
}

t.test('names and outputs from elsewhere neither drive a terminal nor forge lines', async t => {
  const stub = await startApiStub(t, answers)
  const env = { MUSTER_HTTP_ADDR: `127.0.0.1:${stub.port}` }
  const commands = [
    ['members'],
    ['members', '-detailed'],
    ['catalog', 'nodes'],
    ['catalog', 'nodes', '-detailed'],
    ['catalog', 'services', '-tags'],
    ['catalog', 'datacenters'],
    ['info'],
    ['operator', 'raft', 'list-peers'],
    ['operator', 'usage', 'instances'],
    ['services'],
    ['kv', 'get', '-keys', ''],
    ['join', 'x'],
    ['members', '-format=json'],
    ['catalog', 'nodes', '-format=json'],
    ['catalog', 'services', '-format=json'],
    ['catalog', 'datacenters', '-format=json'],
    ['info', '-format=json'],
    ['operator', 'raft', 'list-peers', '-format=json'],
    ['operator', 'usage', 'instances', '-format=json'],
    ['services', '-format=json'],
  ]
  for (const args of commands) {
    const { out, err } = await muster(args, { env })
    t.match(out + err, /evil\\u001b\[2J/, args.join(' '))
    t.notMatch((out + err).replace(/[\n\t]/g, ''), /[\p{Cc}\u202e]/u, args.join(' '))
    if (args.includes('-format=json'))
      t.match(JSON.stringify(JSON.parse(out)), /evil\\u001b\[2J\\nforged/, `${args.join(' ')}: the value is whole`)
    else if (args[0] !== 'info' && args[0] !== 'join' && args[0] !== 'kv') t.notMatch(out, /^forged/m, args.join(' '))
  }
})

t.test('a value goes byte for byte to a program, and written out to a terminal', async t => {
  const stub = await startApiStub(t, answers)
  const env = { MUSTER_HTTP_ADDR: `127.0.0.1:${stub.port}` }
  t.equal((await muster(['kv', 'get', 'a'], { env })).out, `${evil}\n`)
  const [command, args] = plainly('script', ['-qec', `${process.execPath} ${program} kv get a`, '/dev/null'])
  t.equal(
    (await run(command, args, { env })).out.replaceAll('\r\n', '\n'),
    'evil\\u001b[2J\nforged\\u009b31m\\u202e\\u007f\n',
  )
})

t.test('what is written out, and what of our own stays', async t => {
  t.equal(printable('a\tb\n\u001b[0m\u2028'), 'a\\u0009b\\n\\u001b[0m\\u2028')
  t.equal(printableLines('a\tb\nc\rd\u0000'), 'a\tb\nc\\u000dd\\u0000')
  t.equal(printable('gr\u00fc\u00df \u{1f600} e\u0301'), 'gr\u00fc\u00df \u{1f600} e\u0301')
  const line = styled('red', 'x')
  t.equal(shownText(line, true), line)
  t.equal(shownText(line, false), '\\u001b[31mx\\u001b[0m')
  t.equal(shownText('\u001b[2J\u001b[8m', true), '\\u001b[2J\\u001b[8m')
})
