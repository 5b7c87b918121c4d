import t from 'tap'
import { readChanges } from '../../../src/cluster/remote/sync-messages.js'
import { readEnterAnswer, readHello, readHelloAnswer, readStanding } from '../../../src/cluster/server-messages.js'
import { readPong, readWanHello } from '../../../src/cluster/wan/wan-messages.js'
import { agentInfo, serverInfo } from '../membership/samples.js'

const evil = 'evil\u001b[2J\nname'
const good = agentInfo('c1', 'a')
const server = serverInfo('s1', '1')
const standing = {
  id: server.id,
  cluster: 'c',
  member: 'm',
  leader: 'l',
  learner: false,
  term: 1,
  index: 1,
  lastContact: 0,
}
const node = { node: 'c1', id: good.id, address: '127.0.0.1', taggedAddresses: null, meta: null }
const changes = (changed: object): unknown => ({ node: { ...node, ...changed }, put: {}, remove: {} })

void t.test('what other agents say of themselves and of others', t => {
  t.same(readHello({ from: good, known: [server] }), { from: good, known: [server] })
  t.same(readWanHello({ self: server, servers: [server] }), { self: server, servers: [server] })
  t.same(readChanges(changes({})).node, node)
  t.end()
})

// One message of each kind that carries a name or an address, with one that no configuration could have given.
const refused: readonly (readonly [string, () => unknown])[] = [
  ['a hello', () => readHello({ from: { ...good, name: evil } })],
  ['a hello that tells of servers', () => readHello({ from: good, known: [{ ...server, name: evil }] })],
  ['a hello of a cluster', () => readHello({ from: good, cluster: evil })],
  ['its address', () => readHello({ from: { ...good, address: evil } })],
  ['its datacenter', () => readHello({ from: { ...good, datacenter: evil } })],
  ['its build', () => readHello({ from: { ...good, build: evil } })],
  ['the answer to a hello', () => readHelloAnswer({ self: { ...good, name: evil }, datacenter: 'dc1' })],
  ['a hello over the WAN', () => readWanHello({ self: { ...server, name: evil } })],
  ['one that tells of servers', () => readWanHello({ self: server, servers: [{ ...server, wanAddress: evil }] })],
  ['the answer to a ping', () => readPong({ self: { ...server, name: evil } })],
  ['a way in', () => readEnterAnswer({ cluster: 'c', members: [{ name: evil, peerUrl: 'http://192.0.2.1:8300' }] })],
  ['a standing', () => readStanding({ ...standing, leader: evil })],
  ['entries of a node', () => readChanges(changes({ node: evil }))],
  ['its address in the catalog', () => readChanges(changes({ address: evil }))],
]
for (const [name, read] of refused) {
  void t.test(`${name}: refused with what is wrong, which shows no control character itself`, t => {
    try {
      read()
      t.fail('it was taken')
    } catch (error) {
      t.match(error, { code: 'CLUSTER_MESSAGE', status: 400, message: /evil\\u001b\[2J\\nname/ })
      t.notMatch((error as Error).message, /\p{Cc}/u)
    }
    t.end()
  })
}

void t.test('a node without a name, or with a host for its address', t => {
  t.throws(() => readChanges(changes({ node: '' })), { message: 'a node: the node has no name' })
  t.throws(() => readChanges(changes({ address: 'host' })), { message: 'a node: "host" is no address' })
  t.throws(() => readHello({ from: { ...good, wanAddress: '' } }), { message: 'an agent: "" is no address' })
  t.end()
})
