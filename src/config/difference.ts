import { isDeepStrictEqual } from 'node:util'
import type { Declared, DeclaredChange } from './types.js'

/**
 * What must be done to get from one set of declarations to another; nothing when they are equal. Where an entry stands
 * in its file does not count. In an order that can be applied as it is: checks go before their services and come after
 * them.
 */
export function difference(before: Declared, after: Declared): readonly DeclaredChange[] {
  const changes: DeclaredChange[] = []
  if (before.checks !== after.checks) {
    for (const [id, old] of before.checks)
      if (!after.checks.has(id)) changes.push({ kind: 'check', op: 'remove', id, before: old })
  }
  if (before.services !== after.services) {
    // Of all ways through a map only this one makes no list of two for each entry.
    before.services.forEach((old, id) => {
      if (!after.services.has(id)) changes.push({ kind: 'service', op: 'remove', id, before: old })
    })
    after.services.forEach((declared, id) => {
      const old = before.services.get(id)
      if (old === undefined) changes.push({ kind: 'service', op: 'add', id, declared })
      else if (!same(old, declared)) changes.push({ kind: 'service', op: 'change', id, declared, before: old })
    })
  }
  if (before.checks !== after.checks) {
    for (const [id, declared] of after.checks) {
      const old = before.checks.get(id)
      if (old === undefined) changes.push({ kind: 'check', op: 'add', id, declared })
      else if (!same(old, declared)) changes.push({ kind: 'check', op: 'change', id, declared, before: old })
    }
  }
  return changes
}

const same = (a: { readonly definition: unknown }, b: { readonly definition: unknown }): boolean =>
  a === b || a.definition === b.definition || isDeepStrictEqual(a.definition, b.definition)
