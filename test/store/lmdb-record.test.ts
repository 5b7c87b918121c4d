import fc from 'fast-check'
import t from 'tap'
import { milliseconds } from '../../src/common/duration.js'
import { revision } from '../../src/store/index.js'
import type { LeaseId } from '../../src/store/index.js'
import { isKey } from '../../src/store/key-order.js'
import { compareText } from '../../src/common/text-order.js'
import {
  decodeRecord,
  decodeRevision,
  encodeRecord,
  encodeRevision,
  entryKey,
  recordModified,
} from '../../src/store/lmdb-record.js'

const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 2500 })

void t.test('a record read back is the record written', t => {
  fc.assert(
    fc.property(
      key,
      fc.uint8Array({ maxLength: 100 }),
      fc.integer({ min: 1, max: 2 ** 47 }),
      fc.nat(1000),
      fc.option(fc.uuid(), { nil: undefined }),
      fc.nat(),
      (key, value, created, more, lease, ttl) => {
        const state = {
          created: revision(created),
          modified: revision(created + more),
          lease: lease as LeaseId | undefined,
        }
        const databaseKey = entryKey(key)
        const bytes = encodeRecord(databaseKey, key, state, lease === undefined ? undefined : milliseconds(ttl), value)
        const read = decodeRecord(databaseKey, bytes)
        t.ok(databaseKey.length <= 1978 && recordModified(bytes) === created + more)
        t.same(
          { ...read, value: [...(read?.value ?? [])] },
          { key, state, ttl: lease === undefined ? undefined : ttl, value: [...value] },
        )
      },
    ),
  )
  t.end()
})

void t.test('bytes that are no record are told apart', t => {
  const databaseKey = entryKey('a')
  const whole = encodeRecord(
    databaseKey,
    'a',
    { created: revision(1), modified: revision(2), lease: 'lease' as LeaseId },
    milliseconds(5),
    Buffer.alloc(0),
  )
  for (let length = 0; length < whole.length; length++)
    t.equal(decodeRecord(databaseKey, whole.subarray(0, length)), undefined, `cut at ${length}`)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
      const read = decodeRecord(databaseKey, Buffer.from(bytes))
      t.not(read?.key, '')
    }),
  )
  t.end()
})

void t.test('revisions', t => {
  t.equal(decodeRevision(encodeRevision(revision(123_456_789_012_345))), 123_456_789_012_345)
  t.equal(decodeRevision(undefined), undefined)
  t.equal(decodeRevision(Buffer.alloc(5)), undefined)
  t.end()
})

void t.test('keys compare as their bytes do', t => {
  const sign = (a: string, b: string): number => Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)))
  const short = fc.string({
    unit: fc.constantFrom('a', 'é', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}'),
    maxLength: 4,
  })
  fc.assert(
    fc.property(short, short, (a, b) => {
      t.equal(Math.sign(compareText(a, b)), sign(a, b))
    }),
  )
  t.same(['', 'a\ud800', '\udc00b'].map(isKey), [false, false, false])
  t.same(['a', 'a\u0000', '\u{1f600}'].map(isKey), [true, true, true])
  t.equal(isKey('\u0000a'), false, 'the store in etcd keeps its own notes there')
  t.end()
})
