import { MusterError } from '../common/errors.js'
import { isObject, type Fields } from '../common/plain-data.js'
import type { Entry } from '../store/index.js'

/*
 * Values in the store are JSON of the Data types; revisions come from the store's entry and are never written into the
 * value. A field that is missing reads as its empty value and an unknown one is left out, so that servers of
 * neighbouring versions can read each other's entries.
 */

/** A value as it is stored. */
export const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))

/** The fields of an entry. @throws MusterError CATALOG_UNREADABLE */
export function parse(entry: Entry): Fields {
  const { buffer, byteOffset, byteLength } = entry.value
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(buffer, byteOffset, byteLength).toString())
  } catch (cause) {
    throw unreadable(entry.key, 'is not JSON', cause)
  }
  if (!isObject(value)) throw unreadable(entry.key, 'is not a JSON object', undefined)
  return value
}

/** The refusal of a value that something else than muster wrote. */
export const unreadable = (key: string, what: string, cause: unknown): MusterError =>
  new MusterError('CATALOG_UNREADABLE', `the value of key ${key} in the store ${what}`, {
    cause,
    hint: 'something else than muster wrote to its store; register the entry again or delete the key',
  })

/** A text field. */
export const text = (value: unknown): string => (typeof value === 'string' ? value : '')
/** A number field. */
export const number = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise)
/** A list of texts. */
export const list = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(text) : [])

/** A map of texts; null when it is none. */
export function texts(value: unknown): Readonly<Record<string, string>> | null {
  return isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, text(item)])) : null
}

/** When an entry was made and changed last. */
export const revisionsOf = ({ created, modified }: Entry): Pick<Entry, 'created' | 'modified'> => ({
  created,
  modified,
})

/** What an entry says, without when it was made and changed. */
export function withoutRevisions<Value extends Pick<Entry, 'created' | 'modified'>>({
  created: _created,
  modified: _modified,
  ...data
}: Value): Omit<Value, 'created' | 'modified'> {
  return data
}
