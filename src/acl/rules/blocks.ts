import type { HclItem, HclValue } from '../../common/hcl/parser.js'

/** A named block of rules: `key "a" { ... }`, and what JSON writes for it. */
export interface Block {
  readonly name: string
  readonly at: number
  readonly fields: readonly HclItem[]
}

/** What is not written as a block of rules has to be. */
export interface Misplaced {
  readonly at: number
  readonly problem: string
}

/**
 * The blocks that an item stands for. Names are labels in HCL, and keys in JSON: `"key": {"a": {...}}`, or a list of
 * such objects.
 * @throws via `refuse` where it is something else
 */
export function blocksOf(item: HclItem, refuse: (misplaced: Misplaced) => never): readonly Block[] {
  const [label, surplus] = item.labels
  if (surplus !== undefined) return refuse({ at: surplus.at, problem: `${item.key.text} takes one name` })
  if (label === undefined) return namedBelow(item.key.text, item.value, refuse)
  return [{ name: label.text, at: label.at, fields: fieldsOf(item.key.text, item.value, refuse) }]
}

function namedBelow(word: string, value: HclValue, refuse: (misplaced: Misplaced) => never): readonly Block[] {
  if (value.type === 'null') return []
  if (value.type === 'list') return value.elements.flatMap(element => namedBelow(word, element, refuse))
  if (value.type !== 'object') return refuse({ at: value.at, problem: `${word} takes a name and a block` })
  return value.items.flatMap(inner => {
    if (inner.labels.length > 0) return refuse({ at: inner.key.at, problem: `${word} takes one name` })
    const bodies = inner.value.type === 'list' ? inner.value.elements : [inner.value]
    return bodies.map((body): Block => ({
      name: inner.key.text,
      at: inner.key.at,
      fields: fieldsOf(word, body, refuse),
    }))
  })
}

function fieldsOf(word: string, value: HclValue, refuse: (misplaced: Misplaced) => never): readonly HclItem[] {
  return value.type === 'object' ? value.items : refuse({ at: value.at, problem: `${word} takes a block` })
}
