import { parseDuration } from '../../common/duration.js'
import { MusterError } from '../../common/errors.js'
import { goDurationError } from '../../common/go-duration.js'
import { metaFault } from '../../common/meta-limits.js'
import { assertId } from '../keys.js'
import { compileTemplate } from '../queries/template.js'
import { isTemplate } from '../queries/types.js'
import type { QueryData, ServiceQuery } from '../queries/types.js'

/** What lists show in place of a token that is not for everyone. */
const hiddenToken = '<hidden>'

/** A refusal of a prepared query, with the status that Consul gives them all: 500. */
export const invalidQuery = (message: string): MusterError => new MusterError('QUERY_INVALID', message)

/**
 * @throws MusterError QUERY_INVALID, CATALOG_NAME_TOO_LONG: what is wrong with a query by itself, in Consul's words.
 */
export function assertQuery(data: QueryData): void {
  const { name, session, token, template, service, ttl } = data
  if (name === '' && session === '' && !isTemplate(data)) throw invalid('Must be bound to a session')
  if (token === hiddenToken)
    throw invalid(`Bad Token '${token}', it looks like a query definition with a redacted token was submitted`)
  assertService(service)
  assertTtl(ttl)
  assertId('query name', name)
  if (isTemplate(data)) assertTemplate(data)
  else if (template.regexp !== '') throw invalidQuery('a Regexp needs Template.Type name_prefix_match')
}

function assertService({ service, failover, nodeMeta, serviceMeta }: ServiceQuery): void {
  if (service === '') throw invalid('Must provide a Service name to query')
  if (failover.nearestN < 0) throw invalid(`Bad NearestN '${failover.nearestN}', must be >= 0`)
  for (const [what, meta] of [
    ['NodeMeta', nodeMeta],
    ['ServiceMeta', serviceMeta],
  ] as const) {
    const fault = meta === null ? undefined : metaFault(meta, true)
    if (fault !== undefined) throw invalid(`Invalid ${what} filters: ${fault.text}`)
  }
}

function assertTtl(ttl: string): void {
  if (ttl === '') return
  const fault = goDurationError(ttl)
  if (fault !== undefined) throw invalid(`Bad DNS TTL '${ttl}': ${fault}`)
  const length = parseDuration(ttl) ?? 0
  if (length < 0) throw invalid(`DNS TTL '${Math.round(length * 1e6)}', must be >=0`)
}

/** A trial with the shortest name that the template answers to. */
function assertTemplate(data: QueryData): void {
  try {
    compileTemplate(data).fill(data.name)
  } catch (error) {
    if (!(error instanceof MusterError)) throw error
    throw new MusterError(error.code, `raft apply failed: failed compiling template: ${error.message}`, {
      status: error.status,
      ...(error.hint !== undefined && { hint: error.hint }),
    })
  }
}

const invalid = (message: string): MusterError => invalidQuery(`Invalid prepared query: ${message}`)
