import { filled } from '../../common/filled.js'
import { lengthFault, maxIdBytes } from '../../common/name-limits.js'
import type { WrittenCheck, WrittenService } from '../../generated/types.js'
import type { CheckDefinition, ServiceDefinition } from '../types.js'
import { buildCheck, serviceCheckIdentity } from './build-check.js'
import type { CheckIdentity } from './build-check.js'
import { buildService, serviceId } from './build-service.js'
import { judgeCheck } from './check-problems.js'
import { Problems } from './problem.js'
import type { Limits, Problem } from './problem.js'
import { judgeService } from './service-problems.js'

/** A definition, unless one of the problems is an error. */
export interface Completed<Definition> {
  readonly definition: Definition | undefined
  readonly problems: readonly Problem[]
}

const noChecks: readonly never[] = Object.freeze([])

/**
 * Makes the definition of a service that a file declares: ids, names and defaults filled in, everything judged in one
 * pass. Checks are numbered by position, those under `checks` first. The text was validated by the schema before; keys
 * are in the schema's spelling.
 */
export function completeService(written: WrittenService, limits: Limits): Completed<ServiceDefinition> {
  const problems = new Problems()
  judgeService(written, problems)
  const { checks: many = noChecks, check: one } = written
  const count = many.length + (one === undefined ? 0 : 1)
  const service = { id: serviceId(written), name: written.name, token: written.token ?? '' }
  const firstById = count > 1 ? new Map<string, string>() : undefined
  const checks: CheckDefinition[] = []
  for (let position = 0; position < count; position++) {
    const check = many[position] ?? one
    if (check === undefined) continue
    const path = position < many.length ? ['checks', position] : ['check']
    const inside = problems.within(path)
    const identity = serviceCheckIdentity(check, position, count, service)
    if (filled(check.service_id) && check.service_id !== service.id) {
      inside.warning(
        ['service_id'],
        'no-effect',
        `service_id has no effect: a check inside the service "${service.id}" belongs to it`,
      )
    }
    judgeId(identity.id, inside)
    if (firstById !== undefined) noteId(identity, path, firstById, inside)
    const kind = judgeCheck(check, inside)
    if (kind !== undefined) checks.push(buildCheck(check, kind, identity, limits))
  }
  // Copy the list to free the capacity that V8 reserves for growing arrays.
  return { definition: problems.fatal ? undefined : buildService(written, checks.slice()), problems: problems.list }
}

/** Makes the definition of a check that stands outside of a service. */
export function completeCheck(written: WrittenCheck, limits: Limits): Completed<CheckDefinition> {
  const problems = new Problems()
  const id = filled(written.id) ? written.id : (written.name ?? '')
  if (id === '') problems.error([], 'missing-name', 'the check has no name', 'write name: "..."')
  const identity = {
    id,
    name: filled(written.name) ? written.name : id,
    serviceId: written.service_id ?? '',
    token: written.token ?? '',
    alone: true,
  }
  judgeId(id, problems)
  const kind = judgeCheck(written, problems)
  if (identity.serviceId === '' && filled(written.deregister_critical_service_after)) {
    problems.warning(
      ['deregister_critical_service_after'],
      'no-effect',
      'deregister_critical_service_after has no effect on a check of the node',
      'write service_id for the service that it belongs to',
    )
  }
  return {
    definition: problems.fatal || kind === undefined ? undefined : buildCheck(written, kind, identity, limits),
    problems: problems.list,
  }
}

function judgeId(id: string, problems: Problems): void {
  const fault = lengthFault('the check id', id, maxIdBytes)
  if (fault !== undefined) problems.error(['id'], 'too-long', fault, 'give it a shorter id')
}

function noteId(
  { id }: CheckIdentity,
  path: readonly (string | number)[],
  firstById: Map<string, string>,
  problems: Problems,
): void {
  const place = path.length === 1 ? 'check' : `checks[${path[1] ?? 0}]`
  const first = firstById.get(id)
  if (first === undefined) firstById.set(id, place)
  else
    problems.error(
      ['id'],
      'duplicate-id',
      `the check id "${id}" stands twice in this service: at ${first} and at ${place}`,
      'give one of them another id',
    )
}
