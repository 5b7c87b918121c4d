import fc from 'fast-check'
import t from 'tap'
import { TailBuffer } from '../../src/common/tail-buffer.js'
import { firstBytes } from '../../src/checks/ttl-checks.js'

void t.test('keeps exactly the last bytes, however they come', t => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'binary-ascii', maxLength: 40 }), { maxLength: 200 }),
      fc.integer({ min: 1, max: 100 }),
      (pieces, limit) => {
        const tail = new TailBuffer(limit)
        for (const piece of pieces) tail.push(Buffer.from(piece))
        const all = pieces.join('')
        return tail.text() === all.slice(-limit) && tail.total === all.length
      },
    ),
  )
  t.end()
})

void t.test('text that fits is unmarked, text that does not says how much there was', t => {
  const tail = new TailBuffer(5)
  tail.push(Buffer.from('12345'))
  t.equal(tail.markedText(), '12345')
  tail.push(Buffer.from('6'))
  t.equal(tail.markedText(), 'Captured 5 of 6 bytes\n...\n23456')
  t.end()
})

void t.test('a character that the cut goes through is left out, at the front and at the back', t => {
  const tail = new TailBuffer(3)
  tail.push(Buffer.from('aé日'))
  t.equal(tail.text(), '日')
  const other = new TailBuffer(4)
  other.push(Buffer.from('é日日'))
  t.equal(other.text(), '日')
  t.equal(firstBytes('aé', 2), 'a ... (captured 2 of 3 bytes)')
  t.equal(firstBytes('aé', 3), 'aé')
  t.end()
})
