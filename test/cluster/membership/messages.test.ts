import t from 'tap'
import { readForceLeave, readHeartbeat, readId } from '../../../src/cluster/membership/membership-messages.js'
import { agentInfo, uuid } from './samples.js'

void t.test('what a heartbeat says', async t => {
  const info = agentInfo('c1', 'a')
  t.same(readHeartbeat({ info, tags: { role: 'node' } }, 'dc1'), { info, tags: { role: 'node' } })
  t.same(readHeartbeat({ info }, 'dc1').tags, {})
  const info6 = { ...info, address: '2001:db8::1' }
  t.same(readHeartbeat({ info: info6, tags: {} }, 'dc1').info, info6)
})

void t.test('what is refused', async t => {
  const info = agentInfo('c1', 'a')
  const many = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`t${i}`, '']))
  for (const [body, expected] of [
    [undefined, /is no object/],
    [[], /is no object/],
    [{}, /agent is no object/],
    [{ info: { ...info, id: 'x' } }, /no node id/],
    [{ info: { ...info, id: undefined } }, /has no text 'id'/],
    [{ info: { ...info, name: '' } }, /no name/],
    [{ info: { ...info, name: 'x'.repeat(300) } }, /300 bytes/],
    [{ info: { ...info, address: 'example.test' } }, /no address/],
    [{ info: { ...info, ports: { raft: 0, lan: 70_000, wan: 0 } } }, /a port/],
    [{ info: { ...info, server: true } }, /servers write their own/],
    [{ info: { ...info, datacenter: 'dc2' } }, /Member 'c1' part of wrong datacenter 'dc2'/],
    [{ info, tags: [] }, /tags are no object/],
    [{ info: { ...info, name: 'evil\u001b[2J\nname' }, tags: {} }, /name'.*"evil\\u001b\[2J\\nname"/],
    [{ info: { ...info, name: 'n\u202e1' }, tags: {} }, /control characters in 'name'/],
    [{ info: { ...info, name: 'x'.repeat(256) }, tags: {} }, /256 bytes long, at most 255/],
    [{ info: { ...info, id: `\n${info.id}` }, tags: {} }, /control characters in 'id'/],
    [{ info: { ...info, address: '10.0.0.1\n' }, tags: {} }, /control characters in 'address'/],
    [{ info: { ...info, wanAddress: 'host' }, tags: {} }, /"host" is no address/],
    [{ info: { ...info, datacenter: 'dc 1' }, tags: {} }, /"dc 1" is no name of a datacenter/],
    [{ info: { ...info, build: '1\u001b[0m' }, tags: {} }, /control characters in 'build'/],
    [{ info, tags: { 'a\u001b': 'b' } }, /tag "a\\u001b" has control characters/],
    [{ info, tags: { a: 'b\nc' } }, /tag "a" has control characters/],
    [{ info, tags: many }, /65 tags/],
    [{ info, tags: { a: 1 } }, /no short text/],
    [{ info, tags: { a: 'x'.repeat(600) } }, /no short text/],
  ] as const)
    t.throws(() => readHeartbeat(body, 'dc1'), { message: expected, status: 400 })
  t.equal(readId({ id: uuid('a') }), uuid('a'))
  t.throws(() => readId({ id: '../x' }), { code: 'CLUSTER_MESSAGE' })
  t.same(readForceLeave({ name: 'n1', prune: true }), { name: 'n1', prune: true })
  t.throws(() => readForceLeave({ name: 'n1' }), { code: 'CLUSTER_MESSAGE' })
})
