import { createHash } from 'node:crypto'
import type { Access, NamedResource, Resource, WholeResource } from '../common/access.js'
import { compareText } from '../common/text-order.js'
import { mergeRules } from './merge.js'
import type { PolicyRules, Ruling, ServiceRuling } from './merge.js'
import { grants, NameRulings } from './name-rulings.js'
import type { Level, Rule } from './rules/types.js'
import { readableOf } from './view.js'

/** What holds where no rule says anything. */
export type DefaultPolicy = 'allow' | 'deny'

/** Why something is allowed or not: the rule that says so and the policy it stands in, or none. */
export type Reason =
  | { readonly allowed: boolean; readonly policy: string; readonly rule: Rule }
  | { readonly allowed: boolean; readonly byDefault: DefaultPolicy }

/**
 * Says what the holder of some policies may do. A question about a name costs a look-up of that name and a walk along
 * its beginnings, and changes nothing. Names are compared as they are, letter case included.
 */
export class Authorizer {
  /** The same for all authorizers that give the same answers to all questions for the same reasons of rules. */
  readonly fingerprint: string
  readonly #defaultPolicy: DefaultPolicy
  readonly #whole = new Map<WholeResource, Ruling>()
  /** Of those resources that there are rules about: most holders of tokens have two or three. */
  readonly #named = new Map<NamedResource | 'intention', NameRulings>()
  readonly #views = new Map<string, string>()

  constructor(policies: readonly PolicyRules[], defaultPolicy: DefaultPolicy) {
    this.#defaultPolicy = defaultPolicy
    const rulings = mergeRules(policies)
    for (const ruling of rulings) this.#place(ruling)
    this.fingerprint = fingerprintOf(rulings, defaultPolicy)
  }

  /**
   * Whether an access to a resource is allowed.
   * @param name of what is asked about; left out for whole resources, and '' for what has no name
   */
  allows(resource: Resource, access: Access, name = ''): boolean {
    if (resource === 'intention' && name === '*') return this.#allowsIntentions(access)
    const ruling = this.#ruling(resource, name)
    return ruling === undefined ? this.#byDefault(resource) : grants(ruling.level, access)
  }

  /** Whether an access is allowed to anything of a resource at all, e.g. to at least one service. */
  allowsSome(resource: NamedResource | 'intention', access: Access): boolean {
    if (this.#allowsBeginning(resource, access, '')) return true
    for (const { level } of this.#rulings(resource).below('')) if (grants(level, access)) return true
    return false
  }

  /**
   * Whether an access is allowed to all names that begin with `prefix`, whatever they are: the ruling on that beginning
   * grants it, and none on a longer one or on a name below takes it away. This is what a recursive deletion of keys
   * needs; with '' it is asked of everything.
   */
  allowsAll(resource: NamedResource | 'intention', access: Access, prefix = ''): boolean {
    if (!this.#allowsBeginning(resource, access, prefix)) return false
    for (const { level } of this.#rulings(resource).below(prefix)) if (!grants(level, access)) return false
    return true
  }

  /**
   * The same for all who may read the same things of some resources, whatever else they may: an answer that holds
   * nothing but these, filtered for one of them, is right for the others.
   */
  view(...resources: readonly (NamedResource | 'intention')[]): string {
    const key = resources.join()
    const known = this.#views.get(key)
    if (known !== undefined) return known
    const texts = resources.map(
      resource => `${resource}\n${readableOf(this.#rulings(resource), this.#byDefault(resource))}`,
    )
    const view = createHash('sha256').update(texts.join('\n\n')).digest('base64url')
    this.#views.set(key, view)
    return view
  }

  /** What {@link allows} answers, and why. */
  explain(resource: Resource, access: Access, name = ''): Reason {
    const allowed = this.allows(resource, access, name)
    const ruling = this.#ruling(resource, name)
    return ruling === undefined
      ? { allowed, byDefault: this.#defaultPolicy }
      : { allowed, policy: ruling.policy, rule: ruling.rule }
  }

  #allowsBeginning(resource: NamedResource | 'intention', access: Access, prefix: string): boolean {
    const ruling = this.#rulings(resource).ofBeginning(prefix)
    return ruling === undefined ? this.#byDefault(resource) : grants(ruling.level, access)
  }

  /** Rights on all intentions at once, which `*` stands for: to read some is enough to see that there are any. */
  #allowsIntentions(access: Access): boolean {
    return access === 'write' ? this.allowsAll('intention', access) : this.allowsSome('intention', access)
  }

  /** Where nothing is said of the mesh, what is said of operators counts. */
  #ruling(resource: Resource, name: string): Ruling | undefined {
    switch (resource) {
      case 'acl':
      case 'keyring':
      case 'operator':
        return this.#whole.get(resource)
      case 'mesh':
        return this.#whole.get('mesh') ?? this.#whole.get('operator')
      default:
        return this.#rulings(resource).of(name)
    }
  }

  #rulings(resource: NamedResource | 'intention'): NameRulings {
    return this.#named.get(resource) ?? noRulings
  }

  #tableOf(resource: NamedResource | 'intention'): NameRulings {
    const table = this.#named.get(resource) ?? new NameRulings()
    this.#named.set(resource, table)
    return table
  }

  /** Access rules themselves, and snapshots, are never open to everybody. */
  #byDefault(resource: Resource): boolean {
    return this.#defaultPolicy === 'allow' && resource !== 'acl'
  }

  #place(ruling: ServiceRuling): void {
    const { rule } = ruling
    if (rule.match === 'whole') {
      this.#whole.set(rule.resource, ruling)
      return
    }
    this.#tableOf(rule.resource).set(rule.match, rule.name, ruling)
    if (rule.resource === 'service')
      this.#tableOf('intention').set(rule.match, rule.name, { ...ruling, level: intentionLevel(ruling) })
  }
}

/** Who may see a service may see its intentions, unless it is said otherwise. */
const intentionLevel = ({ level, intentions }: ServiceRuling): Level =>
  intentions ?? (level === 'deny' ? 'deny' : 'read')

const noRulings = new NameRulings()

/** Of what the rules come to, whatever policies they stand in and in whatever order. */
function fingerprintOf(rulings: readonly ServiceRuling[], defaultPolicy: DefaultPolicy): string {
  const lines = rulings.map(ruling => {
    const { rule, level } = ruling
    const name = rule.match === 'whole' ? [] : [rule.name]
    const intentions = rule.resource === 'service' ? [intentionLevel(ruling)] : []
    return JSON.stringify([rule.resource, rule.match, level, ...intentions, ...name])
  })
  const hash = createHash('sha256').update(defaultPolicy)
  for (const line of lines.sort(compareText)) hash.update(`\n${line}`)
  return hash.digest('base64url')
}
