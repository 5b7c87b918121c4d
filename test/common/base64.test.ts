import t from 'tap'
import { decodeBase64 } from '../../src/common/base64.js'

t.test('base64 is padded, and holds nothing else', t => {
  for (const [text, bytes] of [
    ['', ''],
    ['YQ==', 'a'],
    ['YWI=', 'ab'],
    ['YWJj', 'abc'],
    ['YQ', undefined],
    ['YQ= =', undefined],
    ['Y-_j', undefined],
    ['====', undefined],
    ['YWJj\n', undefined],
  ] as const)
    t.equal(decodeBase64(text)?.toString(), bytes, JSON.stringify(text))
  t.end()
})
