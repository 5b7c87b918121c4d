import { keepNewest } from '../common/keep-newest.js'
import { Authorizer, type DefaultPolicy } from './authorizer.js'
import type { PolicyRules } from './merge.js'
import { readRules } from './rules/read-rules.js'

/** A policy, or an identity or template that acts as one, as part of a token's rights. */
export interface Part {
  /** Differs from the ids of all parts with other rules: when the rules of a policy change, so does the id. */
  readonly id: string
  /** What to call it when a decision is explained. */
  readonly policy: string
  readonly rules: string
  readonly language: 'current' | 'legacy'
}

/** How many authorizers are kept, and how many parts: those asked for last. Real clusters have some dozens. */
const maxKept = 1000

/**
 * Authorizers by the parts that they are made of, so that all tokens with the same parts share one. What was not asked
 * for in a long time is forgotten, and made again when somebody asks.
 */
export class AuthorizerCache {
  readonly #defaultPolicy: DefaultPolicy
  readonly #authorizers = new RecentlyUsed<Authorizer>()
  readonly #parts = new RecentlyUsed<PolicyRules>()

  constructor(defaultPolicy: DefaultPolicy) {
    this.#defaultPolicy = defaultPolicy
  }

  /**
   * The authorizer of some parts, in any order.
   * @throws MusterError ACL_RULES_INVALID when the rules of a part cannot be read
   */
  get(parts: readonly Part[]): Authorizer {
    const distinct = new Map(parts.map(part => [part.id, part]))
    const key = [...distinct.keys()].sort().join('\n')
    return this.#authorizers.get(key, () => {
      const policies = [...distinct.values()].map(part => this.#parts.get(part.id, () => read(part)))
      return new Authorizer(policies, this.#defaultPolicy)
    })
  }
}

const read = ({ policy, rules, language }: Part): PolicyRules => ({ policy, rules: readRules(rules, language) })

/** Values by key; of too many the one that was not asked for the longest goes. */
class RecentlyUsed<Value extends object> {
  readonly #values = new Map<string, Value>()

  get(key: string, make: () => Value): Value {
    const known = this.#values.get(key)
    if (known !== undefined) this.#values.delete(key)
    const value = known ?? make()
    this.#values.set(key, value)
    keepNewest(this.#values, maxKept)
    return value
  }
}
