import { randomUUID } from 'node:crypto'
import type { EventData } from '../../catalog/index.js'
import { MusterError, errorMessage } from '../../common/errors.js'
import { compileRegex } from '../../common/regex.js'

/** Name, payload and filters of an event together, in bytes: events go to every agent. */
const maxEventBytes = 512
/**
 * Work that one event may cost an agent, in {@link Regex.cost}: every ordinary expression over thousands of tags, in
 * some tens of milliseconds.
 */
const maxWork = 200_000

/** What is asked for when an event is fired. */
export interface EventRequest {
  readonly name: string
  readonly payload: Buffer
  readonly nodeFilter: string
  readonly serviceFilter: string
  readonly tagFilter: string
}

/** The event to be fired. @throws MusterError EVENT_INVALID in Consul's words */
export function newEvent({ name, payload, nodeFilter, serviceFilter, tagFilter }: EventRequest): EventData {
  if (name === '') throw new MusterError('EVENT_INVALID', 'Missing name', { status: 400 })
  if (tagFilter !== '' && serviceFilter === '') throw invalid('Cannot provide tag filter without service filter')
  const size =
    payload.length + [name, nodeFilter, serviceFilter, tagFilter].reduce((sum, one) => sum + Buffer.byteLength(one), 0)
  if (size > maxEventBytes)
    throw invalid(
      `user event exceeds configured limit of ${maxEventBytes} bytes before encoding`,
      `it has ${size} with its filters`,
    )
  for (const [what, expression] of [
    ['node', nodeFilter],
    ['service', serviceFilter],
    ['tag', tagFilter],
  ] as const) {
    try {
      compileRegex(expression)
    } catch (error) {
      throw invalid(`Invalid ${what} filter: ${errorMessage(error)}`)
    }
  }
  return { id: randomUUID(), name, payload: payload.toString('base64'), nodeFilter, serviceFilter, tagFilter }
}

/** Whether an event is for this agent: its node matches, and one of its services does, with one of its tags. */
export function acceptsEvent(
  event: EventData,
  node: string,
  services: Iterable<{ readonly id: string; readonly tags: readonly string[] }>,
): boolean {
  let work = 0
  const spend = (some: number): void => {
    work += some
    if (work > maxWork) throw new Error('the filters cost too much')
  }
  const test = (expression: string): ((text: string) => boolean) => {
    if (expression === '') return () => true
    const regex = compileRegex(expression)
    return text => {
      spend(regex.cost(text.length))
      return regex.test(text)
    }
  }
  try {
    if (!test(event.nodeFilter)(node)) return false
    if (event.serviceFilter === '') return true
    const [isService, isTag] = [test(event.serviceFilter), test(event.tagFilter)]
    for (const { id, tags } of services) if (isService(id) && (event.tagFilter === '' || tags.some(isTag))) return true
    return false
  } catch {
    return false
  }
}

const invalid = (message: string, hint?: string): MusterError =>
  new MusterError('EVENT_INVALID', message, hint === undefined ? {} : { hint })
