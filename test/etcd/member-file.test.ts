import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { readMembers, withFormer, writeMembers } from '../../src/etcd/member-file.js'

const url = (last: number): string => `http://10.0.0.${last}:8300`
const own = { name: 'a', peerUrl: url(1) }

void t.test('where members were is remembered', t => {
  const first = withFormer(
    [],
    [
      { name: 'a', peerUrls: [url(1)] },
      { name: 'b', peerUrls: [url(2)] },
    ],
    own,
  )
  t.same(
    first,
    [
      { name: 'a', peerUrls: [url(1)] },
      { name: 'b', peerUrls: [url(2)] },
    ],
    'who never moved was nowhere else',
  )
  const moved = withFormer(
    first,
    [
      { name: 'a', peerUrls: [url(1)] },
      { name: 'b', peerUrls: [url(3)] },
    ],
    own,
  )
  t.same(moved[1], { name: 'b', peerUrls: [url(3)], formerUrls: [url(2)] })
  t.same(
    withFormer(moved, [{ name: 'b', peerUrls: [url(2)] }], own),
    [{ name: 'b', peerUrls: [url(2)], formerUrls: [url(3)] }],
    'a view that is older turns them round',
  )
  t.same(
    withFormer(first, [{ name: 'a', peerUrls: [url(1)] }], { name: 'a', peerUrl: url(9) }),
    [{ name: 'a', peerUrls: [url(1)], formerUrls: [url(9)] }],
    'where this one is now, before the cluster has it',
  )
  const often = Array.from({ length: 9 }, (_, i) => url(10 + i)).reduce(
    (known, at) => withFormer(known, [{ name: 'b', peerUrls: [at] }], own),
    first,
  )
  t.same(often[0]?.formerUrls, [14, 15, 16, 17].map(url), 'no more than a few')
  t.end()
})

void t.test('the file keeps members; an invalid file counts as empty', t => {
  const directory = t.testdir()
  const members = [
    { name: 'a', peerUrls: [url(1)] },
    { name: 'b', peerUrls: [url(2)], formerUrls: [url(3)] },
  ]
  t.same(readMembers(directory), [])
  writeMembers(directory, members)
  t.same(readMembers(directory), members)
  for (const text of ['{', '{}', '[1, {"name": "x"}, {"name": "x", "peerUrls": [1]}]']) {
    fs.writeFileSync(path.join(directory, 'members.json'), text)
    t.same(readMembers(directory), [], text)
  }
  t.end()
})
