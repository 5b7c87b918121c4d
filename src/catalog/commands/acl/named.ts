import type { Revision } from '../../../store/index.js'
import type { KeyDraft } from '../key-draft.js'

interface Named {
  readonly id: string
  readonly name: string
}

/** Writes an object with a unique name, replacing the one with its id. */
export type PutNamed<Data extends Named> = (
  draft: KeyDraft,
  data: Data,
  standing: (Named & { readonly modified: Revision }) | undefined,
) => void

/** How such a thing is written: under its id, and its name under a key that must be free. */
export const putNamed =
  <Data extends Named>(
    keyOf: (id: string) => string,
    nameKeyOf: (name: string) => string,
    encode: (data: Data) => Uint8Array,
  ): PutNamed<Data> =>
  (draft, data, standing) => {
    draft.relyOnKey(keyOf(data.id), standing?.modified)
    draft.put(keyOf(data.id), encode(data))
    const wanted = nameKeyOf(data.name)
    const held = standing === undefined ? undefined : nameKeyOf(standing.name)
    if (wanted === held) return
    draft.relyOnKey(wanted, undefined)
    draft.put(wanted, Buffer.from(data.id))
    if (held !== undefined) draft.delete(held)
  }
