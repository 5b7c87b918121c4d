import type { Revision } from '../../../store/index.js'
import type { KeyDraft } from '../key-draft.js'

interface Named {
  readonly id: string
  readonly name: string
}

type Standing = Named & { readonly modified: Revision }

/** How objects with a unique name are written and removed. Plans fail when somebody else changed them meanwhile. */
export interface NamedWrites<Data extends Named> {
  /** Writes an object, replacing the one with its id. */
  put(draft: KeyDraft, data: Data, standing: Standing | undefined): void
  remove(draft: KeyDraft, standing: Standing): void
}

/** Such objects lie under their id, and their id under a key of their name, which must be free. */
export const namedWrites = <Data extends Named>(
  keyOf: (id: string) => string,
  nameKeyOf: (name: string) => string,
  encode: (data: Data) => Uint8Array,
): NamedWrites<Data> => ({
  put(draft, data, standing) {
    draft.relyOnKey(keyOf(data.id), standing?.modified)
    draft.put(keyOf(data.id), encode(data))
    const wanted = nameKeyOf(data.name)
    const held = standing === undefined ? undefined : nameKeyOf(standing.name)
    if (wanted === held) return
    draft.relyOnKey(wanted, undefined)
    draft.put(wanted, Buffer.from(data.id))
    if (held !== undefined) draft.delete(held)
  },
  remove(draft, standing) {
    draft.relyOnKey(keyOf(standing.id), standing.modified)
    draft.delete(keyOf(standing.id))
    draft.delete(nameKeyOf(standing.name))
  },
})
