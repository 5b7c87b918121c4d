import { fieldsOf } from '../common/plain-data.js'
import type { WatchQuery } from './types.js'

/** What a watch was given last: an index, or the hash of an answer. */
export interface Position {
  readonly by: 'index' | 'hash'
  readonly value: string
}

/** How long one question may wait for a change. */
const questionWait = '5m'

/** Where a watch stands after an answer; undefined when it does not say: then the next question does not wait. */
export function nextPosition(query: WatchQuery, index: string, body: unknown): Position | undefined {
  if (query.byHash !== true) return index === '' ? undefined : { by: 'index', value: index }
  const { ContentHash } = fieldsOf(body)
  return typeof ContentHash === 'string' ? { by: 'hash', value: ContentHash } : undefined
}

/** The parameters of a question that waits for something else than there was. */
export const waitParameters = (position: Position | undefined): Readonly<Record<string, string>> =>
  position === undefined ? {} : { [position.by]: position.value, wait: questionWait }

/** The index that a handler is told of: 0 where there is none, as Consul has it. */
export const indexOf = (position: Position | undefined): string =>
  position === undefined ? '' : position.by === 'index' ? position.value : '0'

/** A path with the parameters of a question that waits. */
export function waiting(path: string, position: Position | undefined): string {
  const parameters = new URLSearchParams(waitParameters(position)).toString()
  return parameters === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${parameters}`
}
