import { compareText } from '../common/text-order.js'
import { grants, type NameRulings } from './name-rulings.js'
import { PrefixTree } from './prefix-tree.js'

/**
 * What may be read of a resource, in as few words as there are: rulings that change nothing for readers are left out,
 * so that those who may write different things and see the same ones have the same text.
 * @param byDefault whether that may be read which no ruling is about
 */
export function readableOf(rulings: NameRulings, byDefault: boolean): string {
  const all = [...rulings.all()].map(([match, name, { level }]) => ({ match, name, seen: grants(level, 'read') }))
  const prefixes = new PrefixTree<boolean>()
  const lines: string[] = []
  // Shorter prefixes come before longer ones, and all prefixes before exact names.
  for (const { name, seen } of all.filter(({ match }) => match === 'prefix').sort(byLength)) {
    if ((prefixes.longest(name) ?? byDefault) === seen) continue
    prefixes.set(name, seen)
    lines.push(JSON.stringify(['prefix', name, seen]))
  }
  for (const { name, seen } of all.filter(({ match }) => match === 'exact'))
    if ((prefixes.longest(name) ?? byDefault) !== seen) lines.push(JSON.stringify(['exact', name, seen]))
  return [String(byDefault), ...lines.sort(compareText)].join('\n')
}

const byLength = (a: { readonly name: string }, b: { readonly name: string }): number => a.name.length - b.name.length
