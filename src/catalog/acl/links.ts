/**
 * The policies or roles that ids link to, by the names that they have now; what was deleted is left out.
 * @param there the table that they are in
 */
export const linksOf = (
  ids: readonly string[],
  there: { get(id: string): { readonly id: string; readonly name: string } | undefined },
): readonly { readonly id: string; readonly name: string }[] =>
  ids.flatMap(id => {
    const found = there.get(id)
    return found === undefined ? [] : [{ id: found.id, name: found.name }]
  })
