import { errorMessage } from '../../../common/errors.js'
import { nearest } from '../../../common/nearest.js'
import { filterInvalid } from './filter-errors.js'
import type { Meter } from './meter.js'
import { parseFilter } from './parse.js'
import type { Comparison, Expression } from './parse.js'
import { isObject } from '../../../common/plain-data.js'
import { compileRegex } from '../../../common/regex.js'
import type { Field, SelectorTree } from './selector-tree.js'

type Predicate = (value: unknown) => boolean

/** Characters of the regular expressions of one filter together: each is compiled at once. */
const maxRegexesLength = 1024

/**
 * Turns a filter expression into a function that tells which items it keeps. Selectors, operators and values are
 * checked against the fields here, so that evaluating cannot fail, save for FILTER_TOO_COSTLY when `meter` says that it
 * is too much work.
 * @throws MusterError FILTER_INVALID with Consul's text for unknown selectors, and the place and what was expected for
 *   a parse error.
 */
export function compileFilter(expression: string, tree: SelectorTree, meter: Meter): (item: unknown) => boolean {
  const parsed = parseFilter(expression)
  const length = regexLength(parsed)
  if (length > maxRegexesLength)
    throw filterInvalid(`the regular expressions are ${length} characters long, ${maxRegexesLength} are allowed`)
  return compile(parsed, tree, meter)
}

function regexLength(expression: Expression): number {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return expression.operands.reduce((sum, operand) => sum + regexLength(operand), 0)
    case 'not':
      return regexLength(expression.operand)
    case 'comparison':
      return expression.test === 'matches' ? expression.value.length : 0
  }
}

function compile(expression: Expression, tree: SelectorTree, meter: Meter): Predicate {
  switch (expression.kind) {
    case 'and': {
      const operands = expression.operands.map(operand => compile(operand, tree, meter))
      return item => operands.every(matches => matches(item))
    }
    case 'or': {
      const operands = expression.operands.map(operand => compile(operand, tree, meter))
      return item => operands.some(matches => matches(item))
    }
    case 'not': {
      const operand = compile(expression.operand, tree, meter)
      return item => !operand(item)
    }
    case 'comparison':
      return descend({ struct: tree }, 0, expression, meter)
  }
}

/**
 * What the comparison says of a value of a field, where the first `depth` parts of the selector have led to that field.
 */
function descend(field: Field, depth: number, comparison: Comparison, meter: Meter): Predicate {
  const name = comparison.selector[depth]
  if (name === undefined) return compare(field, comparison, meter)
  if (typeof field === 'object' && 'map' in field) {
    const inner = descend(field.map, depth + 1, comparison, meter)
    // A missing value equals, contains and matches nothing, and is empty.
    const absent = comparison.test === 'empty' ? !comparison.negated : comparison.negated
    return value => (isObject(value) && Object.hasOwn(value, name) ? inner(value[name]) : absent)
  }
  const tree = typeof field === 'string' ? {} : 'struct' in field ? field.struct : field.structs
  const next = Object.hasOwn(tree, name) ? tree[name] : undefined
  if (next === undefined) throw unknownSelector(comparison.selector.slice(0, depth + 1), Object.keys(tree))
  const inner = descend(next, depth + 1, comparison, meter)
  const ofStruct: Predicate = value => inner(isObject(value) ? value[name] : undefined)
  return typeof field === 'object' && 'structs' in field
    ? value => Array.isArray(value) && value.some(ofStruct)
    : ofStruct
}

function compare(field: Field, comparison: Comparison, meter: Meter): Predicate {
  const test = positive(field, comparison, meter)
  if (test === undefined) {
    throw filterInvalid(
      `Invalid match operator "${comparison.operator}" for selector "${comparison.selector.join('.')}"`,
      operatorHint(field),
    )
  }
  return value => {
    meter.spend(1)
    return test(value) !== comparison.negated
  }
}

/** The test before negation; undefined when the field cannot be tested so. */
function positive(field: Field, comparison: Comparison, meter: Meter): Predicate | undefined {
  const { test, value } = comparison
  if (field === 'string') {
    if (test === 'equal') return actual => (actual ?? '') === value
    if (test === 'in') return actual => (typeof actual === 'string' ? actual.includes(value) : value === '')
    if (test === 'matches') return regexTest(value, meter)
    return undefined
  }
  if (field === 'number' || field === 'boolean') {
    if (test !== 'equal') return undefined
    const wanted = field === 'number' ? integer(comparison) : truth(comparison)
    return actual => (actual ?? (field === 'number' ? 0 : false)) === wanted
  }
  if (test === 'empty' && !(typeof field === 'object' && 'struct' in field)) return isEmpty
  if (test !== 'in') return undefined
  if (field === 'strings') return actual => Array.isArray(actual) && actual.includes(value)
  return 'map' in field ? actual => isObject(actual) && Object.hasOwn(actual, value) : undefined
}

function regexTest(source: string, meter: Meter): Predicate {
  try {
    const regex = compileRegex(source)
    return actual => {
      const text = typeof actual === 'string' ? actual : ''
      meter.spendOnText(regex.cost(text.length))
      return regex.test(text)
    }
  } catch (error) {
    throw filterInvalid(`Failed to compile regular expression ${JSON.stringify(source)}: ${errorMessage(error)}`)
  }
}

/** A whole number in one of Go's notations: 80, -1, 0x50, 0o120, 0120, 0b1010000. */
function integer(comparison: Comparison): number {
  const [, sign = '', digits = ''] =
    /^([+-]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|[1-9][0-9]*|0)$/.exec(comparison.value) ?? []
  if (digits === '') throw uncoercible(comparison, 'a whole number')
  const count = Number(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits)
  return sign === '-' ? 0 - count : count
}

function truth(comparison: Comparison): boolean {
  if (/^(1|t|T|TRUE|true|True)$/.test(comparison.value)) return true
  if (/^(0|f|F|FALSE|false|False)$/.test(comparison.value)) return false
  throw uncoercible(comparison, 'true or false')
}

const uncoercible = ({ value, selector }: Comparison, wanted: string): Error =>
  filterInvalid(`Failed to coerce value "${value}" for selector "${selector.join('.')}": it is not ${wanted}`)

function unknownSelector(path: readonly string[], known: readonly string[]): Error {
  const near = nearest(path.at(-1) ?? '', known)
  const hint =
    near === undefined
      ? known.length === 0
        ? 'it has no fields'
        : `there are ${known.join(', ')}`
      : `did you mean ${near}?`
  return filterInvalid(`Selector "${path.join('.')}" is not valid`, hint)
}

function operatorHint(field: Field): string {
  if (field === 'string') return 'a text can be compared with ==, !=, in, contains and matches'
  if (field === 'number' || field === 'boolean') return `a ${field} can be compared with == and !=`
  if (field === 'strings') return 'a list can be tested with in, contains and is empty'
  if ('map' in field) return 'a map can be tested with in, contains and is empty, or name a key of it'
  return 'structs' in field
    ? 'a list of objects can be tested with is empty, or name a field of them'
    : 'name a field of the object'
}

const isEmpty: Predicate = value =>
  Array.isArray(value) ? value.length === 0 : !isObject(value) || Object.keys(value).length === 0
