import { errorMessage, MusterError } from '../../common/errors.js'
import { compileCaptures } from '../../common/regex/captures.js'
import type { Captures } from '../../common/regex/captures.js'
import { parseInterpolation } from './interpolation.js'
import type { Interpolation, Scope } from './interpolation.js'
import { mapTexts } from './texts.js'
import type { PreparedQuery, QueryData, ServiceQuery } from './types.js'

/** Longest expression in characters: with it the time that one name takes is bounded. */
const longestRegexp = 4096
/** `${...}` in one template: each may put in as much as the longest name. */
const mostPlaces = 500

type TemplateParts = Pick<QueryData, 'name' | 'template' | 'service'>

/** A template ready to be filled for a name. */
export interface CompiledTemplate {
  fill(name: string): ServiceQuery
}

/**
 * Takes a template apart.
 * @throws MusterError QUERY_TEMPLATE, in Consul's words, for an unknown type, a bad expression and bad `${...}`
 */
export function compileTemplate({ name: prefix, template, service }: TemplateParts): CompiledTemplate {
  if (template.type !== 'name_prefix_match') throw bad(`Bad Template.Type '${template.type}'`, 'the only type is name_prefix_match')
  const texts = new Map<string, Interpolation>()
  mapTexts(service, (text, path) => {
    texts.set(path, interpolation(text, path))
    return text
  })
  const places = [...texts.values()].reduce((sum, text) => sum + text.places, 0)
  if (places > mostPlaces) throw bad(`${places} \${...} are too many, ${mostPlaces} are allowed`)
  const captures = template.regexp === '' ? undefined : expression(template.regexp)
  return {
    fill: name => {
      const scope = scopeOf(name, prefix, captures)
      const filled = mapTexts(service, (text, path) => texts.get(path)?.fill(scope) ?? text)
      return template.removeEmptyTags ? { ...filled, tags: (filled.tags ?? []).filter(tag => tag !== '') } : filled
    },
  }
}

const compiled = new WeakMap<PreparedQuery, CompiledTemplate>()

/** A template as a plain query for the name that was asked for. Each template is taken apart once. */
export function fillTemplate(query: PreparedQuery, name: string): PreparedQuery {
  let template = compiled.get(query)
  if (template === undefined) compiled.set(query, template = compileTemplate(query))
  return { ...query, service: template.fill(name) }
}

function scopeOf(name: string, prefix: string, captures: Captures | undefined): Scope {
  const groups = captures?.(name)
  const begins = name.toLowerCase().startsWith(prefix.toLowerCase())
  return {
    variables: {
      'name.full': name,
      'name.prefix': prefix,
      'name.suffix': begins ? name.slice(prefix.length) : name,
      // Network segments do not exist here.
      'agent.segment': '',
    },
    match: group => groups?.[group] ?? '',
  }
}

function interpolation(text: string, path: string): Interpolation {
  try {
    return parseInterpolation(text)
  } catch (error) {
    throw bad(`Bad format '${text}' in Service${path}: ${errorMessage(error)}`, 'in ${...} stand name.full, name.prefix, name.suffix, agent.segment or match(N)')
  }
}

function expression(text: string): Captures {
  if (text.length > longestRegexp) throw bad(`Bad Regexp: it is ${text.length} characters long, ${longestRegexp} are allowed`)
  try {
    return compileCaptures(text)
  } catch (error) {
    throw bad(`Bad Regexp: error parsing regexp: ${errorMessage(error)}`)
  }
}

const bad = (message: string, hint?: string): MusterError =>
  new MusterError('QUERY_TEMPLATE', message, hint === undefined ? {} : { hint })
