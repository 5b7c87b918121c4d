import { parseDuration } from '../../common/duration.js'
import { MusterError } from '../../common/errors.js'
import type { Settings } from '../../config/index.js'
import type { Query } from '../request/query.js'

/** How a read is to be answered: as new as what, after which change, and from where. */
export interface ReadOptions {
  readonly consistency: 'leader' | 'consistent' | 'stale'
  /** 0: at once. */
  readonly index: number
  /** Longest wait in milliseconds, jitter not yet added. */
  readonly wait: number
  readonly cached: boolean
}

const refuse = (message: string): MusterError => new MusterError('HTTP_PARAMETER', message, { status: 400 })

/**
 * How old the state is that a read would be answered from: `age` is milliseconds since a leader was last heard of, 0
 * while there is one.
 */
export interface View {
  readonly path: string
  readonly age: number
}

type QuerySettings = Pick<Settings, 'defaultQueryTime' | 'maxQueryTime'> & {
  readonly cluster: Pick<Settings['cluster'], 'discoveryMaxStale'>
}

/**
 * Reads consistency and blocking parameters.
 * @throws MusterError 400 for values that are none, and for modes that exclude each other.
 */
export function readOptions(
  query: Query,
  cacheControl: string | undefined,
  settings: QuerySettings,
  view: View = { path: '', age: 0 },
): ReadOptions {
  const consistent = query.has('consistent')
  const cached = query.has('cached')
  if (query.has('stale') && consistent) throw refuse('Cannot specify ?stale with ?consistent, conflicting semantics.')
  if (cached && consistent) throw refuse('Cannot specify ?cached with ?consistent, conflicting semantics.')
  const maxStale = query.first('max_stale')
  if (maxStale !== '' && parseDuration(maxStale) === undefined) throw refuse(`Invalid max_stale value "${maxStale}"`)
  if (cached && cacheControl !== undefined) checkCacheControl(cacheControl)
  return {
    consistency: consistent ? 'consistent' : mayBeStale(query, settings, view) ? 'stale' : 'leader',
    index: readIndex(query.first('index')),
    wait: readWait(query.first('wait'), settings),
    cached,
  }
}

/**
 * Whether a stale answer is allowed: by the request, within its `max_stale`, or by `discovery_max_stale` if the request
 * does not say.
 */
function mayBeStale(query: Query, { cluster }: QuerySettings, { path, age }: View): boolean {
  if (query.has('leader')) return false
  const maxStale = parseDuration(query.first('max_stale'))
  if (maxStale !== undefined) return age <= maxStale
  if (query.has('stale')) return true
  return cluster.discoveryMaxStale > 0 && age <= cluster.discoveryMaxStale && /^\/v1\/(?:catalog|health)\//.test(path)
}

/** `wait` in milliseconds: the default when absent or not above 0, at most the maximum. @throws MusterError 400 */
export function readWait(text: string, settings: Pick<Settings, 'defaultQueryTime' | 'maxQueryTime'>): number {
  const wait = text === '' ? settings.defaultQueryTime : parseDuration(text)
  if (wait === undefined) throw refuse('Invalid wait time')
  return Math.min(wait > 0 ? wait : settings.defaultQueryTime, settings.maxQueryTime)
}

function readIndex(text: string): number {
  if (text === '') return 0
  if (!/^\d{1,20}$/.test(text)) throw refuse('Invalid index')
  return Number(text)
}

// Answers always come from the current catalog, so they meet every max-age. Only malformed values are refused.
function checkCacheControl(header: string): void {
  for (const part of header
    .toLowerCase()
    .split(',')
    .map(one => one.trim())) {
    const seconds = /^(?:max-age|stale-if-error)=(.*)$/.exec(part)?.[1]
    if (seconds !== undefined && !/^\d{1,9}$/.test(seconds)) throw refuse('Invalid Cache-Control header.')
  }
}
