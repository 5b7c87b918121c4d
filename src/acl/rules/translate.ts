import { MusterError } from '../../common/errors.js'
import { FaultError } from '../../common/hcl/fault.js'
import type { HclComment } from '../../common/hcl/lexer.js'
import { LineMap } from '../../common/hcl/line-map.js'
import { parseHclItems, type HclItem, type HclValue } from '../../common/hcl/parser.js'
import { legacyWords } from './words.js'

const renamed: ReadonlyMap<string, string> = new Map(
  legacyWords.filter(({ match }) => match === 'prefix').map(({ word }) => [word, `${word}_prefix`]),
)

/**
 * The rules of an old token in the words of today: names that were beginnings without saying so say so. Written as HCL
 * in its usual form, with the comments; JSON becomes HCL.
 * @throws MusterError ACL_RULES_INVALID (400) when the text cannot be read
 */
export function translateLegacyRules(text: string): string {
  const lines = new LineMap(text)
  const comments: HclComment[] = []
  try {
    const items = parseHclItems(text, lines, comments)
    return new Printer(text, lines, comments).file(items.flatMap(flattened).map(inCurrentSyntax))
  } catch (error) {
    if (!(error instanceof FaultError)) throw error
    const { at, message, hint } = error.fault
    throw new MusterError('ACL_RULES_INVALID', `Failed to parse rules: At ${lines.label(at)}: ${message}`, {
      status: 400,
      ...(hint !== undefined && { hint }),
    })
  }
}

function inCurrentSyntax(item: HclItem): HclItem {
  const word = renamed.get(item.key.text)
  return word === undefined ? item : { ...item, key: { ...item.key, text: word } }
}

/** JSON's `"key": {"a": {...}}` as blocks with a label, one for each name. */
function flattened(item: HclItem): readonly HclItem[] {
  if (!item.assigned || !renamed.has(item.key.text.replace(/_prefix$/, ''))) return [item]
  const objects = item.value.type === 'list' ? item.value.elements : [item.value]
  const names = objects.flatMap(object => (object.type === 'object' ? object.items : []))
  if (names.length === 0 || !names.every(({ value }) => value.type === 'object')) return [item]
  return names.map(inner => ({ ...inner, key: item.key, labels: [inner.key], assigned: false }))
}

const plainKey = /^[\p{L}_][\p{L}\p{Nd}_.-]*$/u

/** Writes items as HCL is usually written: two spaces for each level, an empty line between the outermost items. */
class Printer {
  readonly #text: string
  readonly #lines: LineMap
  readonly #comments: readonly HclComment[]
  #next = 0

  constructor(text: string, lines: LineMap, comments: readonly HclComment[]) {
    this.#text = text
    this.#lines = lines
    this.#comments = comments
  }

  file(items: readonly HclItem[]): string {
    const parts = items.map((item, i) => this.#item(item, '', items[i + 1]?.key.at ?? Infinity))
    const rest = this.#commentsBefore(Infinity)
    return [...parts, ...(rest.length > 0 ? [rest.join('\n')] : [])].join('\n\n')
  }

  /** An item with the comments before it, and the one on its last line. */
  #item(item: HclItem, indent: string, nextAt: number, width = 0): string {
    const before = this.#commentsBefore(item.key.at).map(comment => `${indent}${comment}\n`)
    const head = [this.#key(item.key.text), ...item.labels.map(({ text }) => JSON.stringify(text))].join(' ')
    const body =
      item.value.type === 'object'
        ? `${head} ${this.#block(item.value, item.end, indent)}`
        : `${head.padEnd(width)} = ${this.#text.slice(item.value.at, item.end)}`
    return `${before.join('')}${indent}${body}${this.#commentBehind(item.end, nextAt)}`
  }

  #block({ items }: Extract<HclValue, { type: 'object' }>, end: number, indent: string): string {
    const inner = `${indent}  `
    const width = Math.max(0, ...items.filter(({ value }) => value.type !== 'object').map(({ key }) => key.text.length))
    const lines = items.map((item, i) => this.#item(item, inner, items[i + 1]?.key.at ?? end, width))
    const rest = this.#commentsBefore(end).map(comment => inner + comment)
    return lines.length + rest.length === 0 ? '{}' : `{\n${[...lines, ...rest].join('\n')}\n${indent}}`
  }

  #key(text: string): string {
    return plainKey.test(text) ? text : JSON.stringify(text)
  }

  #commentsBefore(offset: number): readonly string[] {
    const found: string[] = []
    for (let comment = this.#comments[this.#next]; comment !== undefined; comment = this.#comments[this.#next]) {
      if (comment.at >= offset) break
      found.push(comment.text)
      this.#next++
    }
    return found
  }

  #commentBehind(end: number, nextAt: number): string {
    const comment = this.#comments[this.#next]
    if (comment === undefined || comment.at < end || comment.at >= nextAt) return ''
    if (this.#lines.place(comment.at).line !== this.#lines.place(end).line) return ''
    this.#next++
    return ` ${comment.text}`
  }
}
