import type { Check, Instance } from '../types.js'
import type { ServiceQuery } from './types.js'

type Texts = Readonly<Record<string, string>>

/** The conditions of a query on instances, without its datacenters and its order. */
export type Selection = Pick<
  ServiceQuery,
  'onlyPassing' | 'ignoreCheckIds' | 'tags' | 'nodeMeta' | 'serviceMeta' | 'connect'
>

/** The instances that a query keeps, in order. */
export function select(instances: readonly Instance[], query: Selection): readonly Instance[] {
  // There is no service mesh, so no instance is connect-enabled.
  if (query.connect) return []
  const hasTags = tagTest(query.tags ?? [])
  const ignored = new Set(query.ignoreCheckIds)
  return instances.filter(
    ({ node, service, checks }) =>
      checks.every(check => ignored.has(check.id) || isGood(check, query.onlyPassing))
      && hasAll(node.meta, query.nodeMeta)
      && hasAll(service.meta, query.serviceMeta)
      && hasTags(service.tags),
  )
}

const isGood = ({ status }: Check, onlyPassing: boolean): boolean =>
  onlyPassing ? status === 'passing' : status !== 'critical'

function hasAll(meta: Texts | null, wanted: Texts | null): boolean {
  return (
    wanted === null
    || Object.entries(wanted).every(([key, value]) => meta !== null && Object.hasOwn(meta, key) && meta[key] === value)
  )
}

/** Whether a list of tags has all that are wanted and none of those with `!`, in any case. */
function tagTest(wanted: readonly string[]): (tags: readonly string[]) => boolean {
  if (wanted.length === 0) return () => true
  const lower = wanted.map(tag => tag.toLowerCase())
  const must = lower.filter(tag => !tag.startsWith('!'))
  const mustNot = lower.filter(tag => tag.startsWith('!')).map(tag => tag.slice(1))
  return tags => {
    const present = new Set(tags.map(tag => tag.toLowerCase()))
    return must.every(tag => present.has(tag)) && !mustNot.some(tag => present.has(tag))
  }
}
