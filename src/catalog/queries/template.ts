import { errorMessage, MusterError } from '../../common/errors.js'
import { maxIdBytes } from '../../common/name-limits.js'
import { compileRegex, type Regex } from '../../common/regex.js'
import { parseInterpolation } from './interpolation.js'
import type { Interpolation, Scope } from './interpolation.js'
import { mapTexts } from './texts.js'
import type { PreparedQuery, QueryData, ServiceQuery } from './types.js'

/** Longest expression in characters. */
const maxRegexpLength = 4096
/** Work that the longest name may make, in {@link Regex.cost}: the lookup of a name is not interrupted. */
const maxWork = 20_000
/** `${...}` in one template: each may put in as much as the longest name. */
const maxPlaces = 500

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
  if (template.type !== 'name_prefix_match')
    throw bad(`Bad Template.Type '${template.type}'`, 'the only type is name_prefix_match')
  const texts = new Map<string, Interpolation>()
  mapTexts(service, (text, path) => {
    texts.set(path, interpolation(text, path))
    return text
  })
  const places = [...texts.values()].reduce((sum, text) => sum + text.places, 0)
  if (places > maxPlaces) throw bad(`${places} \${...} are too many, ${maxPlaces} are allowed`)
  const regexp = template.regexp === '' ? undefined : expression(template.regexp)
  return {
    fill: name => {
      const scope = scopeOf(name, prefix, regexp)
      const filled = mapTexts(service, (text, path) => texts.get(path)?.fill(scope) ?? text)
      return template.removeEmptyTags ? { ...filled, tags: (filled.tags ?? []).filter(tag => tag !== '') } : filled
    },
  }
}

const compiled = new WeakMap<PreparedQuery, CompiledTemplate>()

/** A template as a plain query for the name that was asked for. Each template is taken apart once. */
export function fillTemplate(query: PreparedQuery, name: string): PreparedQuery {
  let template = compiled.get(query)
  if (template === undefined) compiled.set(query, (template = compileTemplate(query)))
  return { ...query, service: template.fill(name) }
}

function scopeOf(name: string, prefix: string, regexp: Regex | undefined): Scope {
  const groups = regexp?.captures(name)
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
    throw bad(
      `Bad format '${text}' in Service${path}: ${errorMessage(error)}`,
      'in ${...} stand name.full, name.prefix, name.suffix, agent.segment or match(N)',
    )
  }
}

function expression(text: string): Regex {
  if (text.length > maxRegexpLength)
    throw bad(`Bad Regexp: it is ${text.length} characters long, ${maxRegexpLength} are allowed`)
  let regexp: Regex
  try {
    regexp = compileRegex(text)
  } catch (error) {
    throw bad(`Bad Regexp: ${errorMessage(error)}`)
  }
  if (regexp.cost(maxIdBytes) > maxWork)
    throw bad(
      'Bad Regexp: error parsing regexp: expression is too large',
      'names are looked up while others wait: write fewer repetitions',
    )
  return regexp
}

const bad = (message: string, hint?: string): MusterError =>
  new MusterError('QUERY_TEMPLATE', message, hint === undefined ? {} : { hint })
