import { aliasCircles, circleText } from '../../common/alias-circles.js'
import { addTo } from '../../common/grouped.js'
import type { CheckDefinition, Declared, Diagnostic, Origin } from '../types.js'

/** The service that a check mirrors on its own node; undefined for any other check. */
export const aliasTarget = ({ kind }: CheckDefinition): string | undefined =>
  kind.type === 'alias' && kind.node === '' && kind.service !== '' ? kind.service : undefined

/** A warning for each circle of alias checks among what files declare, at the first of its services. */
export function aliasCircleWarnings({ services, checks }: Declared): readonly Diagnostic[] {
  const targets = new Map<string, string[]>()
  const note = (check: CheckDefinition): void => {
    const target = aliasTarget(check)
    if (target === undefined || check.serviceId === '') return
    addTo(targets, check.serviceId, target)
  }
  for (const { definition } of services.values()) for (const check of definition.checks) note(check)
  for (const { definition } of checks.values()) note(definition)
  if (targets.size === 0) return []
  return aliasCircles(targets).map(circle => circleWarning(circle, services.get(circle[0] ?? '')?.origin))
}

const circleWarning = (circle: readonly string[], at: Origin | undefined): Diagnostic => ({
  severity: 'warning',
  code: 'alias-circle',
  ...(at === undefined ? {} : { at }),
  message: circleMessage(circle),
  hint: 'give one of them a check that tests something',
})

/** What is to be said about a circle, in files and over the API. */
export const circleMessage = (circle: readonly string[]): string =>
  `the alias checks mirror each other in a circle: ${circleText(circle)}`
