import { checkKinds } from '../../check-kinds/index.js'
import { nearest } from '../../common/nearest.js'
import { checkKeys, serviceKeys } from '../../generated/keys.js'
import type { KeyNode } from '../../generated/keys.js'
import { validateConfig } from '../../generated/validators.js'
import type { SchemaError } from '../../generated/validators.js'
import { maxShown } from './capped.js'
import { alternatives, describe, quote } from './finding.js'
import type { Finding } from './finding.js'
import { goneKey } from './gone-keys.js'
import { findKey, nodeAt, partOf } from './keys.js'
import type { Path } from './keys.js'

/** What the schemas have against a file. */
export interface SchemaFindings {
  /** The first ones, all errors. */
  readonly findings: readonly Finding[]
  /** How many errors there are besides. */
  readonly hidden: number
  /** Which declarations and settings have errors, as {@link partOf} names them. */
  readonly faulty: ReadonlySet<string>
}

const noFindings: SchemaFindings = Object.freeze({ findings: [], hidden: 0, faulty: new Set<string>() })

/**
 * All that the schemas have against a normalised file, in one pass, in the words of the schemas' keys. Only the first
 * ones are put into words, since that costs more than finding them.
 */
export function schemaFindings(value: Readonly<Record<string, unknown>>): SchemaFindings {
  if (validateConfig(value)) return noFindings
  const errors = withoutConsequences(validateConfig.errors ?? [])
  const faulty = new Set(
    errors.map(({ keyword, instancePath, params }) => {
      const path = stepsOf(instancePath)
      return partOf(keyword === 'additionalProperties' ? [...path, String(params.additionalProperty)] : path)
    }),
  )
  const bare = bareDeclaration(value, errors)
  if (bare !== undefined) return { findings: bare, hidden: 0, faulty }
  return {
    findings: errors.slice(0, maxShown).map(error => finding(value, error)),
    hidden: Math.max(errors.length - maxShown, 0),
    faulty,
  }
}

/** A misspelled key is one mistake: that the key it was meant to be is missing follows from it. */
function withoutConsequences(errors: readonly SchemaError[]): readonly SchemaError[] {
  const required = errors.filter(({ keyword }) => keyword === 'required')
  if (required.length === 0) return errors
  const missing = new Map<string, Set<string>>()
  for (const { instancePath, params } of required) {
    const names = missing.get(instancePath) ?? new Set()
    missing.set(instancePath, names.add(String(params.missingProperty)))
  }
  for (const { keyword, instancePath, params } of errors) {
    const names = missing.get(instancePath)
    if (keyword !== 'additionalProperties' || names === undefined || names.size === 0) continue
    const meant = nearest(String(params.additionalProperty), [...names])
    if (meant !== undefined) names.delete(meant)
  }
  return errors.filter(
    ({ keyword, instancePath, params }) =>
      keyword !== 'required' || missing.get(instancePath)?.has(String(params.missingProperty)) === true,
  )
}

/** The keys that a check alone has: what it tests, and how often. */
const testing: ReadonlySet<string> = new Set([...checkKinds.flatMap(kind => kind.targets), 'interval'])

function isKindKey(key: string): boolean {
  const found = findKey(checkKeys, key)
  return found !== undefined && testing.has(found.node.aliasOf ?? found.name.toLowerCase())
}

/** A file that holds the inside of a service or check, without saying so. */
function bareDeclaration(
  value: Readonly<Record<string, unknown>>,
  errors: readonly SchemaError[],
): readonly Finding[] | undefined {
  const unknown = errors
    .filter(error => error.keyword === 'additionalProperties' && error.instancePath === '')
    .map(error => String(error.params.additionalProperty))
  const known = Object.keys(value)
  const all = (node: KeyNode): boolean =>
    unknown.length > 0 && known.every(key => key === '$schema' || findKey(node, key) !== undefined)
  const isCheck = all(checkKeys) && known.some(isKindKey)
  const isService = all(serviceKeys) && known.some(key => key.toLowerCase() === 'name')
  if (!isCheck && !isService) return undefined
  const noun = isCheck ? 'check' : 'service'
  return [
    {
      path: [unknown[0] ?? ''],
      what: 'key',
      severity: 'error',
      code: `bare-${noun}`,
      message: `${quote(unknown[0] ?? '')} is not a setting of the agent; the file looks like the inside of a ${noun}`,
      hint: `wrap it: { ${noun}: { ... } }`,
    },
  ]
}

function finding(root: unknown, error: SchemaError): Finding {
  const { path, value } = follow(root, error.instancePath)
  const node = nodeAt(path)
  const name = nameOf(path)
  const base = { path, what: 'value', severity: 'error' } as const
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownKey(path, node, String(error.params.additionalProperty))
    case 'required':
      return {
        ...base,
        code: 'missing-key',
        message: `${node?.noun ?? 'it'} needs ${quote(String(error.params.missingProperty))}`,
      }
    case 'type':
      return wrongType(base, name, node, value)
    case 'pattern':
      return {
        ...base,
        ...durationAdvice(value),
        code: 'bad-duration',
        message: `${name} must be ${durations}, found ${describe(value)}`,
      }
    case 'enum':
      return {
        ...base,
        ...suggestion(value, node?.values ?? []),
        code: 'not-allowed',
        message: `${name} must be ${alternatives((node?.values ?? []).filter(text => text !== ''))}, found ${describe(value)}`,
      }
    case 'minimum':
    case 'maximum':
      return { ...base, code: 'out-of-range', message: `${name} must be ${range(node)}, found ${describe(value)}` }
    default:
      return { ...base, code: 'bad-value', message: `${name} is not allowed to be ${describe(value)}` }
  }
}

const durations = 'a duration such as "10s" or "1m30s"'

function unknownKey(path: Path, node: KeyNode | undefined, key: string): Finding {
  const gone = path.length === 0 ? goneKey('file', key) : node === serviceKeys ? goneKey('service', key) : undefined
  if (gone !== undefined) {
    return {
      path: [...path, key],
      what: 'key',
      severity: 'error',
      code: 'gone-key',
      message: `${quote(key)} is not taken: ${gone.why}`,
      hint: gone.hint,
    }
  }
  const known = Object.entries(node?.keys ?? {})
  const near =
    nearest(
      key,
      known.filter(([, child]) => child.aliasOf === undefined).map(([name]) => name),
    )
    ?? nearest(
      key,
      known.map(([name]) => name),
    )
  const noun = node?.noun ?? 'this object'
  return {
    path: [...path, key],
    what: 'key',
    severity: 'error',
    code: 'unknown-key',
    message: `${quote(key)} is not a key of ${noun}`,
    hint:
      near === undefined
        ? (elsewhere(key, path) ?? 'see the schemas folder for all keys')
        : `did you mean ${quote(near)}?`,
  }
}

/** Where a key that is unknown here would be known. */
function elsewhere(key: string, path: Path): string | undefined {
  const lower = key.toLowerCase()
  const places = [
    ...(path.length === 0
      ? [['dns_config'], ['http_config'], ['ports'], ['telemetry'], ['limits'], ['ui_config'], ['addresses']]
      : [[]]),
  ]
  const place = places.find(candidate => Object.hasOwn(nodeAt(candidate)?.keys ?? {}, lower))
  if (place === undefined) return undefined
  return place.length === 0
    ? `${quote(lower)} is a setting of the agent: move it to the top`
    : `write it inside ${quote(place.join('.'))}`
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
}

function wrongType(
  base: Pick<Finding, 'path' | 'what' | 'severity'>,
  name: string,
  node: KeyNode | undefined,
  value: unknown,
): Finding {
  const found = describe(value, name)
  if (node?.format === 'duration')
    return {
      ...base,
      ...durationAdvice(value),
      code: 'bad-duration',
      message: `${name} must be ${durations}, found ${found}`,
    }
  const types = node?.types ?? []
  const wanted = types.map(type => typeNames[type] ?? type).join(' or ')
  return {
    ...base,
    ...typeAdvice(types, value),
    code: 'wrong-type',
    message: `${name} must be ${wanted}, found ${found}`,
  }
}

function durationAdvice(value: unknown): { hint?: string } {
  if (typeof value === 'number') return { hint: `write "${value}s" for ${value} seconds` }
  if (typeof value !== 'string') return {}
  const days = /^(\d+)\s*d(ays?)?$/.exec(value)
  if (days !== null) return { hint: `there are no days: write "${Number(days[1]) * 24}h"` }
  return /^\d+$/.test(value) ? { hint: `name the unit: "${value}s"` } : { hint: 'units are ns, us, ms, s, m and h' }
}

function typeAdvice(types: readonly string[], value: unknown): { hint?: string } {
  if (typeof value === 'string') {
    if ((types.includes('integer') || types.includes('number')) && /^-?\d+$/.test(value))
      return { hint: `write ${value} without quotes` }
    if (types.includes('boolean') && /^(true|false)$/i.test(value))
      return { hint: `write ${value.toLowerCase()} without quotes` }
    if (types.includes('array')) return { hint: `write [${quote(value)}]` }
  }
  if (types.includes('string') && (typeof value === 'number' || typeof value === 'boolean'))
    return { hint: `write "${value}" with quotes` }
  if (types.includes('array') && typeof value === 'object' && value !== null)
    return { hint: 'put it in brackets: [ ... ]' }
  return {}
}

function suggestion(value: unknown, values: readonly string[]): { hint?: string } {
  const near =
    typeof value === 'string'
      ? nearest(
          value,
          values.filter(text => text !== ''),
        )
      : undefined
  return near === undefined ? {} : { hint: `did you mean ${quote(near)}?` }
}

function range(node: KeyNode | undefined): string {
  const { minimum, maximum } = node?.limits ?? {}
  if (minimum === undefined) return `at most ${maximum ?? ''}`
  return maximum === undefined ? `at least ${minimum}` : `from ${minimum} to ${maximum}`
}

/** The key that a message is about, in quotes; for a list's element the list's key with the index. */
function nameOf(path: Path): string {
  const last = path.at(-1)
  return typeof last === 'number' ? `${quote(String(path.at(-2) ?? ''))}[${last}]` : quote(last ?? 'the file')
}

/** Follows a JSON pointer; a step into a list is a number. */
function follow(root: unknown, pointer: string): { path: Path; value: unknown } {
  const path: (string | number)[] = []
  let value = root
  for (const step of stepsOf(pointer)) {
    path.push(Array.isArray(value) ? Number(step) : step)
    value = (value as Readonly<Record<string, unknown>>)[step]
  }
  return { path, value }
}

const stepsOf = (pointer: string): readonly string[] =>
  pointer
    .split('/')
    .slice(1)
    .map(step => step.replaceAll('~1', '/').replaceAll('~0', '~'))
