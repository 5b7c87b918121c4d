import { viewKinds, type ViewKind } from '../../../catalog/index.js'
import { MusterError } from '../../../common/errors.js'
import { Shape } from '../../../rpc/index.js'

export const viewMethods = { stream: 'view/rows', want: 'view/want', datacenters: 'view/datacenters' } as const

/** Most views of one stream: every service of a large cluster. A client keeps fewer. */
export const maxViews = 32_768
/** Longest name of a view in characters, as in the catalog. */
const maxNameLength = 1024

/** One view, and the index that the client has of it; 0: none. */
export interface Want {
  readonly kind: ViewKind
  readonly name: string
  readonly index: number
}

/**
 * An entry of the catalog as far as DNS needs it: its store key, and its value as the catalog stores it, which is JSON
 * text. Of checks the outputs are left out, which change often and say nothing about health.
 */
export type ViewRow = readonly [key: string, value: string]

/**
 * One line of the stream: all of a view, at an index. On the wire it is an object of `kind`, `name`, `rows` and, last,
 * `index`. A row's value travels as a text within that JSON, so that the server encodes it once for each revision,
 * whoever gets it in whichever view, and the client keeps it as it comes and decodes it only when it has changed.
 * Versions before had lists of objects (`nodes`, `services`, `checks`) in the place of `rows`, under the method
 * `view/stream`: agents of those and of this version find no such method with each other, and have no views from each
 * other until both are upgraded. Another format gets another method: a list that is missing would read as an empty one.
 */
export interface ViewUpdate {
  readonly kind: ViewKind
  readonly name: string
  readonly index: number
  readonly rows: readonly ViewRow[]
}

/** One text for a view. */
export const viewKey = ({ kind, name }: { readonly kind: ViewKind; readonly name: string }): string => `${kind} ${name}`

/** What `view/rows` and `view/want` say. */
export interface Wants {
  readonly stream: string
  /** The datacenter whose views are wanted; '' for the one of the server. */
  readonly datacenter: string
  /** Views to be added to the stream and views to be removed. */
  readonly add: readonly Want[]
  readonly remove: readonly Want[]
}

/** @throws MusterError CLUSTER_MESSAGE */
export function readWants(body: unknown): Wants {
  const wants = new Shape(body, 'a wish for views')
  return {
    stream: wants.text('stream'),
    datacenter: wants.optionalText('datacenter') ?? '',
    add: wants.list('add', maxViews, readWant),
    remove: wants.list('remove', maxViews, readWant),
  }
}

/** @throws MusterError CLUSTER_MESSAGE */
export function readUpdate(value: unknown): ViewUpdate {
  const update = new Shape(value, 'a view')
  if (!update.has('rows')) throw malformed('a view has no rows')
  return { ...readWant(value), rows: update.list('rows', 3_000_000, readRow) }
}

function readRow(value: unknown): ViewRow {
  const [key, text] = Array.isArray(value) ? (value as readonly unknown[]) : []
  if (typeof key === 'string' && typeof text === 'string') return [key, text]
  throw malformed('a row of a view has no key and value')
}

function readWant(value: unknown): Want {
  const { kind, name, index } = (value ?? {}) as Partial<Record<keyof Want, unknown>>
  const known = viewKinds.find(one => one === kind)
  if (known === undefined || typeof name !== 'string' || name.length > maxNameLength || typeof index !== 'number') {
    throw malformed('a view has no kind, name and index')
  }
  return { kind: known, name, index }
}

const malformed = (message: string): MusterError =>
  new MusterError('CLUSTER_MESSAGE', message, { status: 400, hint: 'the other agent may be of another version' })
