import { isDeepStrictEqual } from 'node:util'
import type { Declared, DeclaredChange, DeclaredCheck, DeclaredService } from './types.js'

/** Told of each entry that is the same in both, services first. */
export interface SameEntries {
  service(declared: DeclaredService, id: string): void
  check(declared: DeclaredCheck, id: string): void
}

/**
 * What must be done to get from one set of declarations to another; nothing when they are equal. Where an entry stands
 * in its file does not count. In an order that can be applied as it is: checks go before their services and come after
 * them. `unchanged` is given the entries of `after` that need nothing, in the same pass.
 */
export function difference(before: Declared, after: Declared, unchanged?: SameEntries): readonly DeclaredChange[] {
  const changes: DeclaredChange[] = []
  if (before.checks !== after.checks) {
    for (const [id, old] of before.checks)
      if (!after.checks.has(id)) changes.push({ kind: 'check', op: 'remove', id, before: old })
  }
  if (before.services !== after.services) {
    // `forEach` is the only iteration that does not allocate a pair for each entry.
    before.services.forEach((old, id) => {
      if (!after.services.has(id)) changes.push({ kind: 'service', op: 'remove', id, before: old })
    })
  }
  if (before.services !== after.services || unchanged !== undefined) {
    after.services.forEach((declared, id) => {
      const old = before.services.get(id)
      if (old === undefined) changes.push({ kind: 'service', op: 'add', id, declared })
      else if (!same(old, declared)) changes.push({ kind: 'service', op: 'change', id, declared, before: old })
      else unchanged?.service(declared, id)
    })
  }
  if (before.checks !== after.checks || unchanged !== undefined) {
    after.checks.forEach((declared, id) => {
      const old = before.checks.get(id)
      if (old === undefined) changes.push({ kind: 'check', op: 'add', id, declared })
      else if (!same(old, declared)) changes.push({ kind: 'check', op: 'change', id, declared, before: old })
      else unchanged?.check(declared, id)
    })
  }
  return changes
}

const same = (a: { readonly definition: unknown }, b: { readonly definition: unknown }): boolean =>
  a === b || a.definition === b.definition || isDeepStrictEqual(a.definition, b.definition)
