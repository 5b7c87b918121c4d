/**
 * What a field of an item is, as far as filters are concerned. A field that an item leaves out counts as empty: '', 0,
 * false or without elements. `structs` is a list of objects: a comparison on it holds when it holds for any of them.
 */
export type Field =
  | 'string'
  | 'number'
  | 'boolean'
  | 'strings'
  | { readonly map: Field }
  | { readonly struct: SelectorTree }
  | { readonly structs: SelectorTree }

/** The fields of an item by the names that selectors use, which are those of its JSON. */
export type SelectorTree = Readonly<Record<string, Field>>
