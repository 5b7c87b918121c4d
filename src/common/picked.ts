/** Some fields of an object, in the order in which they are named; everything else that it has is left out. */
export function picked<Source extends object, Key extends keyof Source>(
  source: Source,
  keys: readonly Key[],
): Pick<Source, Key> {
  const fields: Partial<Pick<Source, Key>> = {}
  for (const key of keys) fields[key] = source[key]
  return fields as Pick<Source, Key>
}
