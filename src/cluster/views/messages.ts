import type { NodeData, ServiceData, StoredCheck } from '../../catalog/index.js'
import { MusterError } from '../../common/errors.js'
import { Shape } from '../servers/shape.js'

/**
 * What a view is of: all instances of a service; a node, by name, id or the beginning of one; or the nodes and services
 * that have an address.
 */
export const viewKinds = ['service', 'node', 'address'] as const
export type ViewKind = (typeof viewKinds)[number]

export const viewMethods = { stream: 'view/stream', want: 'view/want', datacenters: 'view/datacenters' } as const

/** Most views of one stream: every service of a large cluster. A client keeps fewer. */
export const mostViews = 32_768
/** Longest name of a view in characters, as in the catalog. */
const longestName = 1024

/** One view, and the index of what the asker has of it; 0: nothing. */
export interface Want {
  readonly kind: ViewKind
  readonly name: string
  readonly index: number
}

/**
 * Entries as far as DNS needs them, as the catalog stores them. Of checks the outputs are left out, which change often
 * and say nothing about health.
 */
export interface Rows {
  readonly nodes: readonly NodeData[]
  readonly services: readonly ServiceData[]
  readonly checks: readonly StoredCheck[]
}

/** One line of the stream: all of a view, at an index. */
export interface ViewUpdate extends Rows {
  readonly kind: ViewKind
  readonly name: string
  readonly index: number
}

/** One text for a view. */
export const viewKey = ({ kind, name }: { readonly kind: ViewKind; readonly name: string }): string => `${kind} ${name}`

/** What `view/stream` and `view/want` say. */
export interface Wants {
  readonly stream: string
  /** The datacenter whose views are wanted; '' for the one of who is asked. */
  readonly datacenter: string
  /** What is wanted from now on, and what is not any more. */
  readonly add: readonly Want[]
  readonly remove: readonly Want[]
}

/** @throws MusterError CLUSTER_MESSAGE */
export function readWants(body: unknown): Wants {
  const wants = new Shape(body, 'a wish for views')
  return {
    stream: wants.text('stream'),
    datacenter: wants.optionalText('datacenter') ?? '',
    add: wants.list('add', mostViews, readWant),
    remove: wants.list('remove', mostViews, readWant),
  }
}

/** @throws MusterError CLUSTER_MESSAGE */
export function readUpdate(value: unknown): ViewUpdate {
  const update = new Shape(value, 'a view')
  const every = <Row>(name: string): readonly Row[] => update.list(name, 1_000_000, item => item as Row)
  return { ...readWant(value), nodes: every('nodes'), services: every('services'), checks: every('checks') }
}

function readWant(value: unknown): Want {
  const { kind, name, index } = (value ?? {}) as Partial<Record<keyof Want, unknown>>
  const known = viewKinds.find(one => one === kind)
  if (known === undefined || typeof name !== 'string' || name.length > longestName || typeof index !== 'number') {
    throw new MusterError('CLUSTER_MESSAGE', 'a view has no kind, name and index', {
      status: 400,
      hint: 'the other agent may be of another version',
    })
  }
  return { kind: known, name, index }
}
