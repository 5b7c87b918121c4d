import { checkKinds } from './all.js'
import { editionKeys, entryKeys, runKeys } from './common-keys.js'
import type { CheckKey, KeyValue } from './key.js'

type JsonSchema = Readonly<Record<string, unknown>>

const text = { type: 'string' }
const texts = { type: 'array', items: text }

const valueSchemas: Readonly<Record<KeyValue, JsonSchema>> = {
  text,
  flag: { type: 'boolean' },
  count: { type: 'integer' },
  duration: { $ref: '#/$defs/duration' },
  texts,
  textsMap: { type: 'object', additionalProperties: texts },
}

const duration = {
  'description': 'Go syntax: `300ms`, `5s`, `2m`, `1h30m`. Units are ns, us, ms, s, m, h; there are no days.',
  'type': 'string',
  'pattern': '^(?![\\s\\S]{65})[+-]?(0|((\\d+\\.?\\d*|\\.\\d+)(ns|us|µs|μs|ms|s|m|h))+)$',
  'x-format': 'duration',
}

/**
 * The JSON Schema of a check in a file, which `tools/generate.mjs` takes from here: validators, types and key tables
 * are made of it, and `schemas/check.schema.json`. Other spellings stand behind the keys that they mean.
 */
export function checkSchema(): JsonSchema {
  const keys = [entryKeys, ...checkKinds.map(kind => kind.keys), runKeys, editionKeys].flatMap(table =>
    Object.entries(table),
  )
  const isAlias = ([, key]: [string, CheckKey]): boolean => key.aliasOf !== undefined
  const properties = [...keys.filter(key => !isAlias(key)), ...keys.filter(isAlias)]
  return {
    '$schema': 'https://json-schema.org/draft/2020-12/schema',
    '$id': 'check.schema.json',
    'title': 'WrittenCheck',
    'description': 'A check as a file declares it: of the node, or of a service.',
    'x-noun': 'a check',
    'type': 'object',
    'additionalProperties': false,
    'properties': Object.fromEntries(properties.map(([name, key]) => [name, propertyOf(key)])),
    '$defs': { duration },
  }
}

const propertyOf = ({ value, description, default: fallback, aliasOf, schema }: CheckKey): JsonSchema => ({
  description,
  ...valueSchemas[value],
  ...(fallback !== undefined && { default: fallback }),
  ...schema,
  ...(aliasOf !== undefined && { 'x-alias-of': aliasOf }),
})
