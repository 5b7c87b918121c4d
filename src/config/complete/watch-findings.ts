import { filled } from '../../common/filled.js'
import { readHttpUrl } from '../../common/http-url.js'
import { meaninglessKeys, watchTypes } from '../../common/watch-types.js'
import type { WrittenWatch } from '../../generated/types.js'
import { alternatives, quote } from '../read/finding.js'
import type { Finding } from '../read/finding.js'
import type { Path } from '../read/keys.js'

/**
 * What is wrong with a watch that has the right keys and types: parameters of another type, no handler, several
 * handlers.
 */
export function watchFindings(watch: WrittenWatch, path: Path): readonly Finding[] {
  const findings: Finding[] = []
  const add = (at: Path, what: 'key' | 'value', code: string, message: string, hint?: string): void => {
    findings.push({ path: at, what, severity: 'error', code, message, ...(hint === undefined ? {} : { hint }) })
  }
  const rules = watchTypes[watch.type]
  if (rules === undefined) {
    add(
      [...path, 'type'],
      'value',
      'unsupported-watch',
      `a watch of type ${quote(watch.type)} is for the service mesh, which muster does not have`,
      'remove this watch',
    )
    return findings
  }
  const written = watch as unknown as Readonly<Record<string, unknown>>
  for (const key of rules.required) {
    if (written[key] === undefined || written[key] === '')
      add(path, 'value', 'missing-key', `a watch of type ${quote(watch.type)} needs ${quote(key)}`)
  }
  for (const key of meaninglessKeys(watch.type, Object.keys(written))) {
    const allowed = [...rules.required, ...rules.optional]
    add(
      [...path, key],
      'key',
      'not-allowed',
      `${quote(key)} has no meaning in a watch of type ${quote(watch.type)}`,
      allowed.length === 0 ? 'remove it' : `allowed there: ${alternatives(allowed)}`,
    )
  }
  if (watch.type === 'checks' && (watch.service ?? '') !== '' && watch.state !== undefined) {
    add(
      [...path, 'state'],
      'key',
      'not-allowed',
      'a watch of checks takes "service" or "state", not both',
      'remove one of them',
    )
  }
  for (const finding of handlerFindings(watch, path)) findings.push(finding)
  return findings
}

function handlerFindings(watch: WrittenWatch, path: Path): readonly Finding[] {
  const problem = (at: Path, code: string, message: string, hint: string): readonly Finding[] => [
    { path: at, what: 'value', severity: 'error', code, message, hint },
  ]
  const hasArgs = watch.args !== undefined && watch.args.length > 0
  const hasHandler = filled(watch.handler)
  if (watch.handler_type === 'http') {
    if (hasArgs || hasHandler)
      return problem(
        path,
        'bad-handler',
        'only one watch handler is allowed',
        'remove "args" and "handler", or "handler_type"',
      )
    if (watch.http_handler_config === undefined)
      return problem(
        path,
        'missing-key',
        'a watch with "handler_type": "http" needs "http_handler_config"',
        'name the URL in its "path"',
      )
    return readHttpUrl(watch.http_handler_config.path) !== undefined
      ? []
      : problem(
          [...path, 'http_handler_config', 'path'],
          'bad-value',
          `"path" must be an http or https URL, found ${quote(watch.http_handler_config.path)}`,
          'write it with http:// or https://',
        )
  }
  if (watch.http_handler_config !== undefined)
    return problem(path, 'bad-handler', '"http_handler_config" needs "handler_type": "http"', 'add it')
  if (hasArgs && hasHandler)
    return problem(
      path,
      'bad-handler',
      'only one watch handler is allowed: found "args" and "handler"',
      'remove "handler"',
    )
  return hasArgs || hasHandler
    ? []
    : problem(path, 'missing-key', 'a watch needs a handler', 'add "args": the program to run and its arguments')
}
