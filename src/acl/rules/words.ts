import type { NamedResource, WholeResource } from '../../common/access.js'

/** What a word at the beginning of a rule stands for. */
export type RuleWord =
  | { readonly word: string; readonly match: 'whole'; readonly resource: WholeResource }
  | { readonly word: string; readonly match: 'exact' | 'prefix'; readonly resource: NamedResource }

const whole = (resource: WholeResource): RuleWord => ({ word: resource, match: 'whole', resource })

const named = (resource: NamedResource): readonly RuleWord[] => [
  { word: resource, match: 'exact', resource },
  { word: `${resource}_prefix`, match: 'prefix', resource },
]

/** The words of rules, in the order in which Consul judges them: of several faults the first one is told. */
export const ruleWords: readonly RuleWord[] = [
  whole('acl'),
  ...named('agent'),
  ...named('key'),
  ...named('node'),
  ...named('service'),
  ...named('session'),
  ...named('event'),
  ...named('query'),
  whole('keyring'),
  whole('operator'),
  whole('mesh'),
]

/**
 * The words of the rules of old tokens: those that have names are about all names that begin so, and there are no
 * others.
 */
export const legacyWords: readonly RuleWord[] = ruleWords.flatMap((rule): readonly RuleWord[] => {
  if (rule.match === 'exact') return [{ ...rule, match: 'prefix' }]
  return rule.word === 'keyring' || rule.word === 'operator' ? [rule] : []
})
