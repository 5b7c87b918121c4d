import type { WrittenConfig } from '../../generated/types.js'
import type { Path } from './keys.js'

/** One declaration as it is written, and the way to it. */
export interface ListedEntry {
  readonly kind: 'service' | 'check' | 'watch'
  readonly path: Path
  readonly item: unknown
}

const servicePath: Path = Object.freeze(['service'])
const checkPath: Path = Object.freeze(['check'])

/**
 * What a file declares, in order: services, checks, watches; of the former two the entries of the list come before the
 * single one.
 */
export function listedEntries(written: WrittenConfig): readonly ListedEntry[] {
  const { service, services, check, checks, watches } = written as Readonly<Record<string, unknown>>
  return [
    ...ofList('service', 'services', services),
    ...ofSingle('service', servicePath, service),
    ...ofList('check', 'checks', checks),
    ...ofSingle('check', checkPath, check),
    ...ofList('watch', 'watches', watches),
  ]
}

const ofList = (kind: ListedEntry['kind'], key: string, list: unknown): readonly ListedEntry[] =>
  Array.isArray(list) ? list.map((item: unknown, i) => ({ kind, path: [key, i], item })) : []

const ofSingle = (kind: ListedEntry['kind'], path: Path, item: unknown): readonly ListedEntry[] =>
  item === undefined ? [] : [{ kind, path, item }]
