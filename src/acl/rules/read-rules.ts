import { MusterError } from '../../common/errors.js'
import { FaultError } from '../../common/hcl/fault.js'
import { LineMap } from '../../common/hcl/line-map.js'
import { parseHclItems, type HclItem, type HclValue } from '../../common/hcl/parser.js'
import { blocksOf, type Misplaced } from './blocks.js'
import type { Level, Rule } from './types.js'
import { legacyWords, ruleWords, type RuleWord } from './words.js'

/** Longest text of rules, in bytes: it is written in one piece, and a store takes so much in any case. */
const maxRulesBytes = 512 * 1024

/**
 * Reads rules, HCL or JSON: one for each statement, in the order in which Consul judges them, nothing merged. Words
 * that are not known are passed over, in blocks too.
 * @param language `legacy` for the rules of old tokens, where names are always beginnings
 * @throws MusterError ACL_RULES_INVALID, in Consul's words as far as programs compare them
 */
export function readRules(text: string, language: 'current' | 'legacy' = 'current'): readonly Rule[] {
  const size = Buffer.byteLength(text)
  if (size > maxRulesBytes)
    throw unreadable(`the rules are ${size} bytes long, at most ${maxRulesBytes} are allowed`, 'write several policies')
  const reader = new RuleReader(new LineMap(text))
  const items = reader.items(text)
  return (language === 'legacy' ? legacyWords : ruleWords).flatMap(word => reader.rules(items, word))
}

class RuleReader {
  readonly #lines: LineMap

  constructor(lines: LineMap) {
    this.#lines = lines
  }

  items(text: string): readonly HclItem[] {
    try {
      return parseHclItems(text, this.#lines)
    } catch (error) {
      if (!(error instanceof FaultError)) throw error
      const { at, message, hint } = error.fault
      throw unreadable(`At ${this.#lines.label(at)}: ${message}`, hint)
    }
  }

  rules(items: readonly HclItem[], word: RuleWord): readonly Rule[] {
    const written = items.filter(({ key }) => key.text.toLowerCase() === word.word)
    if (word.match !== 'whole') return written.flatMap(item => this.#named(item, word))
    const item = this.#single(written)
    const level = item === undefined ? undefined : this.#level(item.value, word.word, false)
    return level === undefined ? [] : [{ match: 'whole', resource: word.resource, level }]
  }

  #named(item: HclItem, word: Extract<RuleWord, { match: 'exact' | 'prefix' }>): readonly Rule[] {
    return blocksOf(item, this.#refuse).map(({ name, at, fields }): Rule => {
      const where = ` of ${word.word} ${JSON.stringify(name)}`
      const policy = this.#field(fields, 'policy')
      const level = policy === undefined ? undefined : this.#level(policy, word.word, word.resource === 'key', where)
      if (level === undefined) throw invalid(`${word.word} policy`, '', this.#lines.label(at), word.resource === 'key')
      const written = word.resource === 'service' ? this.#field(fields, 'intentions') : undefined
      const intentions =
        written === undefined ? undefined : this.#level(written, `${word.word} intentions`, false, where)
      return {
        match: word.match,
        resource: word.resource,
        name,
        level,
        ...(intentions !== undefined && { intentions }),
      }
    })
  }

  #field(fields: readonly HclItem[], name: string): HclValue | undefined {
    return this.#single(fields.filter(({ key }) => key.text.toLowerCase() === name))?.value
  }

  #single(items: readonly HclItem[]): HclItem | undefined {
    const [first, second] = items
    if (first !== undefined && second !== undefined)
      this.#refuse({ at: second.key.at, problem: `${first.key.text} is written twice` })
    return first
  }

  /** Undefined where nothing is said: by an empty text, or by JSON's null. */
  #level(value: HclValue, what: string, mayList: boolean, where = ''): Level | undefined {
    if (value.type === 'null') return undefined
    if (value.type !== 'string' && value.type !== 'number')
      return this.#refuse({ at: value.at, problem: `the policy${where} is not a text` })
    const word = String(value.value).toLowerCase()
    if (word === '') return undefined
    if (word === 'deny' || word === 'read' || word === 'write' || (mayList && word === 'list')) return word
    throw invalid(`${what} policy`, String(value.value), this.#lines.label(value.at), mayList)
  }

  readonly #refuse = ({ at, problem }: Misplaced): never => {
    throw unreadable(`At ${this.#lines.label(at)}: ${problem}`, 'write e.g. key_prefix "a/" { policy = "read" }')
  }
}

const unreadable = (problem: string, hint?: string): MusterError =>
  new MusterError('ACL_RULES_INVALID', `Failed to parse ACL rules: ${problem}`, hint === undefined ? {} : { hint })

const invalid = (what: string, found: string, place: string, mayList: boolean): MusterError =>
  new MusterError('ACL_RULES_INVALID', `Invalid ${what}: ${JSON.stringify(found)}`, {
    hint: `at ${place}: write one of "read",${mayList ? ' "list",' : ''} "write" and "deny"`,
  })
