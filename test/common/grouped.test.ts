import t from 'tap'
import { addTo, grouped } from '../../src/common/grouped.js'

t.test('items stand by their keys, in the order in which they came', t => {
  const groups = grouped(['bee', 'ant', 'bat', 'cow', 'ape'], word => word[0])
  t.same(
    [...groups],
    [
      ['b', ['bee', 'bat']],
      ['a', ['ant', 'ape']],
      ['c', ['cow']],
    ],
  )
  addTo(groups, 'c', 'cat')
  addTo(groups, 'd', 'dog')
  t.same([groups.get('c'), groups.get('d')], [['cow', 'cat'], ['dog']])
  t.end()
})
