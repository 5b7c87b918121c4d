import type { Level, Rule } from './rules/types.js'

/** Rules with the name of the policy that they stand in. */
export interface PolicyRules {
  readonly policy: string
  readonly rules: readonly Rule[]
}

/** What holds for one name, one beginning or a whole resource, and which rule of which policy says so. */
export interface Ruling {
  readonly level: Level
  readonly rule: Rule
  readonly policy: string
}

/** What holds for one name or beginning of services. */
export interface ServiceRuling extends Ruling {
  /** The strongest word on intentions, where there is one. */
  readonly intentions?: Level
}

/** Which of two statements about the same name holds: the one with the greater number. */
const weight: Readonly<Record<Level, number>> = { deny: 4, write: 3, list: 2, read: 1 }

/**
 * Of several rules about the same thing one holds, in whichever policies they stand: deny before write before list
 * before read. Words on intentions are compared by themselves.
 */
export function mergeRules(policies: readonly PolicyRules[]): readonly ServiceRuling[] {
  const merged = new Map<string, ServiceRuling>()
  for (const { policy, rules } of policies) {
    for (const rule of rules) {
      const key = rule.match === 'whole' ? rule.resource : `${rule.resource}\0${rule.match}\0${rule.name}`
      const standing = merged.get(key)
      const given = rule.match === 'whole' ? undefined : rule.intentions
      const intentions = stronger(standing?.intentions, given)
      const holds = standing !== undefined && weight[standing.level] >= weight[rule.level] ? standing : undefined
      const ruling = holds ?? { level: rule.level, rule, policy }
      merged.set(key, intentions === ruling.intentions ? ruling : { ...ruling, ...(intentions && { intentions }) })
    }
  }
  return [...merged.values()]
}

const stronger = (a: Level | undefined, b: Level | undefined): Level | undefined =>
  a === undefined || (b !== undefined && weight[b] > weight[a]) ? b : a
