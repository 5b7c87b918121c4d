import type { WrittenCheck } from '../generated/types.js'
import { checkKinds, type KindName } from './all.js'
import type { CheckKind, Says } from './kind.js'
import { apiNames } from './spelling.js'

/** The order in which Consul decides where a check asks for several kinds. Kinds of ours alone come after these. */
const consulPrecedence: readonly KindName[] = [
  'ttl',
  'http',
  'tcp',
  'udp',
  'grpc',
  'docker',
  'script',
  'h2ping',
  'os_service',
  'alias',
]

/** Kinds that a catalog write without a type implies, in the order in which Consul decides. It knows no others. */
const consulTypes: readonly KindName[] = ['grpc', 'http', 'ttl', 'tcp', 'alias', 'docker', 'script', 'h2ping']

type Ranked = CheckKind & { readonly name: KindName }

const rank = (name: KindName): number => {
  const place = consulPrecedence.indexOf(name)
  return place < 0 ? consulPrecedence.length : place
}

const byPrecedence: readonly Ranked[] = [...checkKinds].sort((a, b) => rank(a.name) - rank(b.name))
const byType = consulTypes.flatMap(name => byPrecedence.filter(kind => kind.name === name))

/** Thousands of checks are read at a start: the few keys of each are looked up, instead of the keys of every kind. */
const byTarget: ReadonlyMap<string, Ranked> = new Map(
  byPrecedence.flatMap(kind => kind.targets.map(target => [target, kind] as const)),
)

/** Every kind that a check asks for, in the order in which Consul decides where there are several. One is right. */
export function kindsOf(written: WrittenCheck): KindName[] {
  const says: Says = key => isSaid(written[key])
  const kinds: KindName[] = []
  for (const key in written) {
    const kind = byTarget.get(key)
    if (kind === undefined || !isSaid(written[key as keyof WrittenCheck]) || kinds.includes(kind.name)) continue
    if (kind.isAsked?.(says) ?? true) kinds.push(kind.name)
  }
  return kinds.length < 2 ? kinds : kinds.sort((a, b) => rank(a) - rank(b))
}

const isSaid = (value: unknown): boolean =>
  value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0)

/**
 * The kind that a check definition in the API's spelling implies in a catalog write, '' when it implies none. `says`:
 * whether there is something under a name of the API.
 */
export const impliedType = (says: (apiName: string) => boolean): KindName | '' =>
  byType.find(kind => isAsked(kind, key => says(apiNames.get(key) ?? '')))?.name ?? ''

const isAsked = (kind: CheckKind, says: Says): boolean => kind.targets.some(says) && (kind.isAsked?.(says) ?? true)
